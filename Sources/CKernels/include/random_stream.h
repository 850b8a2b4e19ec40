// The random stream of a replica, as every kernel draws from it.
#ifndef ESCAPEMENT_RANDOM_STREAM_H
#define ESCAPEMENT_RANDOM_STREAM_H

#include "instruction_set.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Holds the states of ESC_LANES generators, word by word: xoshiro256++ (Blackman and Vigna 2021).
///
/// The generators of a stream are numbered. Number i starts from blocks 2⁶¹ + 2i and 2⁶¹ + 2i + 1 of
/// the stream, words 0 and 1 then 2 and 3. Under one seed no two generators start alike, and none at
/// zero, as Philox maps counters one to one. Their cycle has 2²⁵⁶ − 1 words: n generators that draw
/// L each overlap with a probability below n²L/2²⁵⁶, 2⁻⁷⁰ for 2⁶⁸ of 2⁵⁰. Where replicas stand in
/// lanes, a lane holds generator 0 of its replica; where a replica fills the lanes, lane i holds
/// generator i. A generator gives the two words of a pair one after the other.
typedef struct {
  uint64_t word[4][ESC_LANES];
} EscGenerators;

/// Names the arithmetic in which normals are made.
typedef enum {
  /// Double precision: two words a pair.
  ESC_DOUBLE = 0,
  /// Single precision: one word a pair, half the time.
  ESC_SINGLE = 1,
} EscPrecision;

/// Puts generator `number` of a stream at its start, into `lane`. Cost: 40 multiplications.
void esc_generator_start(
    EscGenerators *generators, int lane, uint64_t seed, uint64_t stream, uint64_t number);

/// Returns the next word of the generator in `lane`.
uint64_t esc_generator_next(EscGenerators *generators, int lane);

/// Computes the block of two words at `index` of a stream: Philox 4×32-10 (Salmon et al. 2011).
///
/// Key: the low and high half of `seed`. Counter words 0 to 3: high half of `index`, low half of
/// `index`, low half of `stream`, high half of `stream`; a stream is a replica (48 bits) | purpose
/// << 48. Output words o₀ … o₃ make word[0] = o₀·2³² + o₁ and word[1] = o₂·2³² + o₃. Blocks from 2⁶³
/// on are drawn by rejections and bridges, from 2⁶² to 2⁶³ − 1 by label noises, from 2⁶¹ by the
/// starts of generators. Cost: 20 multiplications.
void esc_stream_block(uint64_t seed, uint64_t stream, uint64_t index, uint64_t word[2]);

/// Computes two standard normals from two words and returns r², the sum of their squares (Box and
/// Muller 1958). Errors of r² and of the normals: at most 4 units in the last place.
///
/// From word[0]: u = 2 − f, f in [1, 2) with the low 52 bits as mantissa: u in (0, 1], so that no
/// normal exceeds √(−2 log 2⁻⁵²) = 8.4907. From word[1]: y in [−½, ½) is f' − 1.5, f' in [1, 2) with
/// bits 51 … 14 as the upper mantissa; bit 63 is the sign of the cosine, bit 62 swaps the two; the
/// low 14 bits are spare. In this order and without fused operations:
///
///     t = bits(u) + (bits(1) − bits(√½)),  m = double((t mod 2⁵²) + bits(√½)),  e = (t ≫ 52) − 1023
///     σ = (m − 1)/(m + 1),  ζ = σ·σ,  ζ₂ = ζ·ζ
///     L = ((l₁·ζ + l₀) + (l₃·ζ + l₂)·ζ₂) + ((l₅·ζ + l₄) + l₆·ζ₂)·(ζ₂·ζ₂)
///     r² = e·(−2 ln 2) + σ·L,  r = √r²
///     τ = y·y,  C = (((((c₆·τ + c₅)·τ + c₄)·τ + c₃)·τ + c₂)·τ + c₁)·τ + c₀,  S the same with s, then S·y
///     C ← −C if bit 63;  out = (r·C, r·S), or (r·S, r·C) if bit 62
///
/// −2 log m = σ·L, cos(πy/2) = C and sin(πy/2) = S·y, by interpolation in Chebyshev's nodes:
///
///     l  −0x1.0000000000001p+2 −0x1.5555555552d50p+0 −0x1.999999a435066p-1 −0x1.249240b87155dp-1
///        −0x1.c722cceee92f4p-2 −0x1.732320a9c93b0p-2 −0x1.58d5d4a93822dp-2
///     s   0x1.921fb54442d18p+0 −0x1.4abbce625be41p-1  0x1.466bc677587f8p-4 −0x1.32d2cce2e5b19p-8
///         0x1.50782fda12d96p-13 −0x1.e30071afc3e59p-19 0x1.e3f38399551bfp-25
///     c   1 −0x1.3bd3cc9be458bp+0  0x1.03c1f081b0780p-2 −0x1.55d3c7dbfd139p-6
///         0x1.e1f4fb60281f6p-11 −0x1.a6c9c1be9eb49p-16 0x1.f3dbcea61b1a4p-22
double esc_stream_normals(const uint64_t word[2], double out[2]);

/// Computes two standard normals in single precision from two halves of words (Box and Muller 1958).
///
/// The radius r = √(−2 log u) has u = (k + ½)·2⁻³¹, k the upper 31 bits of `radius`, so that no normal
/// exceeds √(64 log 2) = 6.6604, which a normal does once in 3.7·10¹⁰; u is rounded to 24 bits. The
/// angle is y = (`angle` | 1)·2⁻³² as a signed number, in [−½, ½) and symmetric. The low bit of `radius`
/// is the sign of the cosine, that of `angle` swaps the two. In single precision, in this order and
/// without fused operations:
///
///     v = single(radius ≫ 1) + ½,  t = bits(v) + (bits(1) − bits(√½))
///     m = single((t mod 2²³) + bits(√½)),  e = single(t ≫ 23) − 158
///     σ = (m − 1)/(m + 1),  ζ = σ·σ,  L = ((l₃·ζ + l₂)·ζ + l₁)·ζ + l₀,  r = √(e·(−2 ln 2) + σ·L)
///     τ = y·y,  C = ((c₃·τ + c₂)·τ + c₁)·τ + c₀,  S the same with s, then S·y
///     C ← −C if the low bit of radius;  out = (r·C, r·S), or (r·S, r·C) if that of angle
///
///     l  −0x1.000000p+2 −0x1.555588p+0 −0x1.9957acp-1 −0x1.326cfep-1;  −2 ln 2 is −0x1.62e430p+0
///     s   0x1.921fb6p+0 −0x1.4abbbap-1  0x1.465ec4p-4 −0x1.2d9b40p-8
///     c   1 −0x1.3bd392p+0  0x1.03af58p-2 −0x1.4e5e06p-6
void esc_stream_single_normals(uint32_t radius, uint32_t angle, float out[2]);

/// Returns 1/√q to 2 units in the last place: y₀ = double(0x5fe6eb50c7b537a9 − (bits(q) ≫ 1)), then
/// four times y ← y·(1.5 − (½·q)·(y·y)).
double esc_stream_inverse_root(double q);

/// Returns a chi-square variable with `degrees` degrees of freedom from the normal x and the 14 spare
/// bits i that came with it (Marsaglia and Tsang 2000). With 0 degrees 0, with one x·x; otherwise
///
///     shape = ½·n − 1/3,  slope = 1/√(9·shape),  offset = ∛(2·shape),  tilt = offset·slope
///     χ² = (w·w)·w,  w = offset + tilt·x
///     accepted if i > guard·((x·x)·(x·x)),
///     guard = ((((¾·shape)·2¹⁴)·(slope·slope))·(slope·slope))/(1 − 8.491·slope), +∞ if 8.491·slope ≥ ¾
///
/// which implies the exact test, as log of the acceptance ratio > −¾·shape·y⁴/(1 − |y|), y = slope·x,
/// and log U < −(1 − U). Otherwise exactly: k = 0, 2, 4 …: t the high 39 bits of the first word of block
/// 2⁶³ + 2⁸·step + k, U = (2⁵³ − (i·2³⁹ + t))·2⁻⁵³, v = χ²/(2·shape); accepted if w > 0 and
///
///     −½·(−2 log U) < ((½·x)·x + shape·(1 − v)) − (½·shape)·(−2 log v)
///
/// and refused ones replaced by x the first normal and i the low bits of block 2⁶³ + 2⁸·step + k + 1.
double esc_stream_chi_square(
    uint64_t seed, uint64_t stream, uint64_t step, uint64_t degrees, double x, uint64_t spare);

#ifdef __cplusplus
}
#endif
#endif
