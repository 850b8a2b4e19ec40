// The random stream of a replica, one number at a time: the definition that the vector form in
// vector_math.h repeats lane by lane, and the slow path of the samplers.
#ifndef ESCAPEMENT_COUNTER_STREAM_H
#define ESCAPEMENT_COUNTER_STREAM_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "random_stream.h"
#include "xoshiro.h"

#pragma STDC FP_CONTRACT OFF

#define ESC_BITS_ONE 0x3ff0000000000000ull
#define ESC_LOW_HALF 0xffffffffull
#define ESC_ROUNDS 10
// The spreads within which a bridge may touch its level.
#define ESC_BRIDGE_REACH 38.0
// 2^52 as bits: or-ing an integer below 2^52 into it makes the double 2^52 + integer.
#define ESC_BITS_TWO52 0x4330000000000000ull
// The first guess at 1/sqrt q is this minus half of q's bits.
#define ESC_INVERSE_ROOT 0x5fe6eb50c7b537a9ull
#define ESC_PHILOX_M0 0xd2511f53ull
#define ESC_PHILOX_M1 0xcd9e8d57ull
#define ESC_PHILOX_W0 0x9e3779b9u
#define ESC_PHILOX_W1 0xbb67ae85u

// Blocks from 2^63 on are the region that rejections draw from, from 2^62 label noises, from 2^61
// the starts of generators.
#define ESC_SPARE_REGION 0x8000000000000000ull
#define ESC_NOISE_REGION 0x4000000000000000ull
#define ESC_START_REGION 0x2000000000000000ull

// sqrt(1/2) as bits, and 1 - that, for the reduction of the logarithm.
#define ESC_BITS_SQRT_HALF 0x3fe6a09e667f3bcdull
#define ESC_BITS_LOG_SHIFT (ESC_BITS_ONE - ESC_BITS_SQRT_HALF)
#define ESC_MANTISSA 0x000fffffffffffffull
// The 38 bits of the angle within its octant pair, the sign, and what an angle leaves unused.
#define ESC_ANGLE 0x000fffffffffc000ull
#define ESC_BIT_SIGN 0x8000000000000000ull
#define ESC_SPARE 0x3fffull
// No normal is larger: sqrt(-2 log 2^-52) = 8.4907.
#define ESC_WIDEST 8.491
#define ESC_EXPONENT_BIAS (4503599627370496.0 + 1023.0)
#define ESC_MINUS_TWO_LN2 -0x1.62e42fefa39efp+0

// -2 log m = s P(s^2), s = (m-1)/(m+1), m in [sqrt(1/2), sqrt 2): relative error 2.3e-16.
#define ESC_LOG_0 -0x1.0000000000001p+2
#define ESC_LOG_1 -0x1.5555555552d50p+0
#define ESC_LOG_2 -0x1.999999a435066p-1
#define ESC_LOG_3 -0x1.249240b87155dp-1
#define ESC_LOG_4 -0x1.c722cceee92f4p-2
#define ESC_LOG_5 -0x1.732320a9c93b0p-2
#define ESC_LOG_6 -0x1.58d5d4a93822dp-2

// sin(pi y/2) = y S(y^2) and cos(pi y/2) = C(y^2), |y| <= 1/2: errors 4e-17 and 1.4e-16.
#define ESC_SIN_0 0x1.921fb54442d18p+0
#define ESC_SIN_1 -0x1.4abbce625be41p-1
#define ESC_SIN_2 0x1.466bc677587f8p-4
#define ESC_SIN_3 -0x1.32d2cce2e5b19p-8
#define ESC_SIN_4 0x1.50782fda12d96p-13
#define ESC_SIN_5 -0x1.e30071afc3e59p-19
#define ESC_SIN_6 0x1.e3f38399551bfp-25
#define ESC_COS_0 0x1.0000000000000p+0
#define ESC_COS_1 -0x1.3bd3cc9be458bp+0
#define ESC_COS_2 0x1.03c1f081b0780p-2
#define ESC_COS_3 -0x1.55d3c7dbfd139p-6
#define ESC_COS_4 0x1.e1f4fb60281f6p-11
#define ESC_COS_5 -0x1.a6c9c1be9eb49p-16
#define ESC_COS_6 0x1.f3dbcea61b1a4p-22

// The same in single precision: sqrt(1/2) as bits and the shift, then -2 log m to 1.7e-9, sine and
// cosine to 4e-8 and 6e-8.
#define ESC_SINGLE_SQRT_HALF 0x3f3504f3u
#define ESC_SINGLE_LOG_SHIFT (0x3f800000u - ESC_SINGLE_SQRT_HALF)
#define ESC_SINGLE_MANTISSA 0x007fffffu
// 127, and 31 since radii are whole numbers up to 2^31.
#define ESC_SINGLE_EXPONENT_BIAS 158.0f
#define ESC_SINGLE_ANGLE_UNIT 0x1p-32f
#define ESC_SINGLE_MINUS_TWO_LN2 -0x1.62e430p+0f
#define ESC_SINGLE_LOG_0 -0x1.000000p+2f
#define ESC_SINGLE_LOG_1 -0x1.555588p+0f
#define ESC_SINGLE_LOG_2 -0x1.9957acp-1f
#define ESC_SINGLE_LOG_3 -0x1.326cfep-1f
#define ESC_SINGLE_SIN_0 0x1.921fb6p+0f
#define ESC_SINGLE_SIN_1 -0x1.4abbbap-1f
#define ESC_SINGLE_SIN_2 0x1.465ec4p-4f
#define ESC_SINGLE_SIN_3 -0x1.2d9b40p-8f
#define ESC_SINGLE_COS_0 0x1.000000p+0f
#define ESC_SINGLE_COS_1 -0x1.3bd392p+0f
#define ESC_SINGLE_COS_2 0x1.03af58p-2f
#define ESC_SINGLE_COS_3 -0x1.4e5e06p-6f

// The round keys of Philox 4x32-10, each a 32-bit word in the low half of 64 bits.
typedef struct {
  uint64_t even[ESC_ROUNDS], odd[ESC_ROUNDS];
} EscRoundKeys;

static inline EscRoundKeys esc_round_keys(uint64_t seed) {
  EscRoundKeys keys;
  uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
  for (int r = 0; r < ESC_ROUNDS; r++, k0 += ESC_PHILOX_W0, k1 += ESC_PHILOX_W1)
    keys.even[r] = k0, keys.odd[r] = k1;
  return keys;
}

static inline void esc_block(
    const EscRoundKeys *keys, uint64_t index, uint64_t stream, uint64_t word[2]) {
  uint32_t c0 = (uint32_t)(index >> 32), c1 = (uint32_t)index;
  uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
  for (int r = 0; r < ESC_ROUNDS; r++) {
    uint64_t p0 = ESC_PHILOX_M0 * c0, p1 = ESC_PHILOX_M1 * c2;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ (uint32_t)keys->even[r], c1 = (uint32_t)p1;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ (uint32_t)keys->odd[r], c3 = (uint32_t)p0;
  }
  word[0] = (uint64_t)c0 << 32 | c1;
  word[1] = (uint64_t)c2 << 32 | c3;
}

static inline void esc_generator_seed(
    const EscRoundKeys *keys, EscGenerators *generators, int lane, uint64_t stream,
    uint64_t number) {
  for (uint64_t half = 0; half < 2; half++) {
    uint64_t word[2];
    esc_block(keys, ESC_START_REGION + 2 * number + half, stream, word);
    generators->word[2 * half][lane] = word[0];
    generators->word[2 * half + 1][lane] = word[1];
  }
}

// Puts a generator back before its last pair of words.
void esc_generator_back_pair(EscGenerators *generators, int lane);

// The lanes of one replica.
static inline void esc_start_replica(
    const EscRoundKeys *keys, EscGenerators *generators, uint64_t stream) {
  for (int i = 0; i < ESC_LANES; i++)
    esc_generator_seed(keys, generators, i, stream, (uint64_t)i);
}

// Lanes of a replica each, those that are at step 0.
static inline void esc_start_lanes(
    const EscRoundKeys *keys, EscGenerators *generators, const uint64_t *stream,
    const uint64_t *step) {
  for (int i = 0; i < ESC_LANES; i++)
    if (step[i] == 0) esc_generator_seed(keys, generators, i, stream[i], 0);
}

static inline double esc_from_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, 8);
  return x;
}

static inline uint64_t esc_to_bits(double x) {
  uint64_t bits;
  memcpy(&bits, &x, 8);
  return bits;
}

// -2 log u, u a positive normal double.
static inline double esc_minus_two_log(double u) {
  uint64_t t = esc_to_bits(u) + ESC_BITS_LOG_SHIFT;
  double m = esc_from_bits((t & ESC_MANTISSA) + ESC_BITS_SQRT_HALF);
  double e = esc_from_bits(t >> 52 | ESC_BITS_TWO52) - ESC_EXPONENT_BIAS;
  double s = (m - 1.0) / (m + 1.0), z = s * s;
  double z2 = z * z, p01 = ESC_LOG_1 * z + ESC_LOG_0, p23 = ESC_LOG_3 * z + ESC_LOG_2;
  double p46 = (ESC_LOG_5 * z + ESC_LOG_4) + ESC_LOG_6 * z2;
  double p = (p01 + p23 * z2) + p46 * (z2 * z2);
  return e * ESC_MINUS_TWO_LN2 + s * p;
}

// 1/sqrt q to 3 units in the last place.
static inline double esc_inverse_root(double q) {
  double y = esc_from_bits(ESC_INVERSE_ROOT - (esc_to_bits(q) >> 1)), half = 0.5 * q;
  for (int i = 0; i < 4; i++) y = y * (1.5 - half * (y * y));
  return y;
}

// Two standard normals from a block of two words; returns the sum of their squares.
static inline double esc_normal_pair(const uint64_t word[2], double *first, double *second) {
  double u = 2.0 - esc_from_bits((word[0] & ESC_MANTISSA) | ESC_BITS_ONE);
  double square = esc_minus_two_log(u), r = sqrt(square);
  double y = esc_from_bits((word[1] & ESC_ANGLE) | ESC_BITS_ONE) - 1.5;
  double t = y * y;
  double c = ESC_COS_6 * t + ESC_COS_5;
  c = c * t + ESC_COS_4;
  c = c * t + ESC_COS_3;
  c = c * t + ESC_COS_2;
  c = c * t + ESC_COS_1;
  c = c * t + ESC_COS_0;
  double s = ESC_SIN_6 * t + ESC_SIN_5;
  s = s * t + ESC_SIN_4;
  s = s * t + ESC_SIN_3;
  s = s * t + ESC_SIN_2;
  s = s * t + ESC_SIN_1;
  s = s * t + ESC_SIN_0;
  s = s * y;
  if (word[1] >> 63) c = -c;
  int swapped = word[1] >> 62 & 1;
  *first = r * (swapped ? s : c);
  *second = r * (swapped ? c : s);
  return square;
}

static inline float esc_single_from_bits(uint32_t bits) {
  float x;
  memcpy(&x, &bits, 4);
  return x;
}

static inline uint32_t esc_single_to_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, 4);
  return bits;
}

// Two standard normals in single precision from two half words.
static inline void esc_single_pair(
    uint32_t radius, uint32_t angle, float *first, float *second) {
  float v = (float)(int32_t)(radius >> 1) + 0.5f;
  uint32_t t = esc_single_to_bits(v) + ESC_SINGLE_LOG_SHIFT;
  float m = esc_single_from_bits((t & ESC_SINGLE_MANTISSA) + ESC_SINGLE_SQRT_HALF);
  float e = (float)(int32_t)(t >> 23) - ESC_SINGLE_EXPONENT_BIAS;
  float q = (m - 1.0f) / (m + 1.0f), z = q * q;
  float p = ESC_SINGLE_LOG_3 * z + ESC_SINGLE_LOG_2;
  p = p * z + ESC_SINGLE_LOG_1;
  p = p * z + ESC_SINGLE_LOG_0;
  float r = sqrtf(e * ESC_SINGLE_MINUS_TWO_LN2 + q * p);
  float y = (float)(int32_t)(angle | 1) * ESC_SINGLE_ANGLE_UNIT, a = y * y;
  float c = ESC_SINGLE_COS_3 * a + ESC_SINGLE_COS_2;
  c = c * a + ESC_SINGLE_COS_1;
  c = c * a + ESC_SINGLE_COS_0;
  float s = ESC_SINGLE_SIN_3 * a + ESC_SINGLE_SIN_2;
  s = s * a + ESC_SINGLE_SIN_1;
  s = s * a + ESC_SINGLE_SIN_0;
  s = s * y;
  if (radius & 1) c = -c;
  int swapped = angle & 1;
  *first = r * (swapped ? s : c);
  *second = r * (swapped ? c : s);
}

// Marsaglia and Tsang's constants for chi-square with n >= 2 degrees of freedom: chi^2 =
// 2 shape (1 + y)^3, y = x / sqrt(9 shape), shape = n/2 - 1/3, if 1 - U > 3/4 shape y^4 / (1 - |y|).
typedef struct {
  // chi^2 = (offset + tilt x)^3, accepted at once if spare > guard x^4.
  double shape, offset, tilt, guard;
  uint64_t degrees;
} EscChiSquare;

static inline EscChiSquare esc_chi_square(uint64_t degrees) {
  EscChiSquare chi = {0, 0, 0, 0, degrees};
  if (degrees < 2) return chi;
  chi.shape = 0.5 * (double)degrees - 1.0 / 3.0;
  double slope = 1.0 / sqrt(9.0 * chi.shape), widest = ESC_WIDEST * slope;
  chi.offset = cbrt(2.0 * chi.shape);
  chi.tilt = chi.offset * slope;
  // For few degrees every draw is judged exactly.
  chi.guard = widest < 0.75 ? 0.75 * chi.shape * 16384.0 * (slope * slope) * (slope * slope)
                                  / (1.0 - widest)
                            : INFINITY;
  return chi;
}

// One draw: the quick test, and the slow path if it fails.
double esc_chi_square_value(
    const EscChiSquare *chi, const EscRoundKeys *keys, uint64_t stream, uint64_t step, double x,
    uint64_t spare);

// What the vector test could not accept. `x` is the step's normal and `spare` the 14 bits that
// came with it; they are judged exactly first, then fresh pairs until one is accepted.
double esc_chi_square_slow(
    const EscChiSquare *chi, const EscRoundKeys *keys, uint64_t stream, uint64_t step, double x,
    uint64_t spare);

// Whether a path that begins and ends a step these heights above a level touches it in between, with probability
// exp(−2·above·below/spread): by the spare block of the step.
int esc_bridge_touches(
    const EscRoundKeys *keys, uint64_t stream, uint64_t step, double above, double below,
    double spread);

// The same as esc_chi_square_slow for those of `count` lanes whose entry of `kept` is 0.
void esc_chi_square_redraw(
    const EscChiSquare *chi, const EscRoundKeys *keys, int count, const uint64_t *kept,
    const uint64_t *stream, const uint64_t *step, const double *x, const uint64_t *word,
    double *value);

#endif
