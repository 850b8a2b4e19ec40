// Philox and normals for ESC_WIDTH lanes at a time. A part of the templates, compiled once for
// each level; counter_stream.h has the same arithmetic for one lane, in the same order.
//
// A vector here is twice as wide as the level's registers, so that two independent instructions
// stand side by side everywhere.
#include "counter_stream.h"

#define ESC_INLINE static inline __attribute__((always_inline))
// Every function that takes a vector is inlined, so the calling convention never matters.
#pragma clang diagnostic ignored "-Wpsabi"

#define VD FN(vd)
#define VU FN(vu)
#define VI FN(vi)
typedef double VD __attribute__((ext_vector_type(ESC_WIDTH)));
typedef uint64_t VU __attribute__((ext_vector_type(ESC_WIDTH)));
typedef int64_t VI __attribute__((ext_vector_type(ESC_WIDTH)));
typedef uint32_t FN(vw) __attribute__((ext_vector_type(2 * ESC_WIDTH)));
typedef _Bool FN(vb) __attribute__((ext_vector_type(ESC_WIDTH < 8 ? 8 : ESC_WIDTH)));
typedef int64_t FN(vm) __attribute__((ext_vector_type(ESC_WIDTH < 8 ? 8 : ESC_WIDTH)));

// Keeps the constants in memory, where an operation reads them for nothing: hoisted out of a loop
// they would fill the registers.
#define ESC_FENCE __asm__ volatile("" ::: "memory")

ESC_INLINE VD FN(load)(const double *p) {
  VD v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
ESC_INLINE void FN(store)(double *p, VD v) { __builtin_memcpy(p, &v, sizeof v); }
ESC_INLINE VU FN(load_words)(const uint64_t *p) {
  VU v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
ESC_INLINE void FN(store_words)(uint64_t *p, VU v) { __builtin_memcpy(p, &v, sizeof v); }
ESC_INLINE VD FN(abs)(VD x) { return (VD)((VU)x & 0x7fffffffffffffffull); }
ESC_INLINE VD FN(root)(VD x) { return __builtin_elementwise_sqrt(x); }

// Whether every lane of a comparison holds.
ESC_INLINE int FN(all)(VI mask) {
#if ESC_WIDTH == 16
  FN(vb) lanes = __builtin_convertvector(mask, FN(vb));
  uint16_t bits;
  __builtin_memcpy(&bits, &lanes, sizeof bits);
  return bits == 0xffff;
#else
  return __builtin_reduce_and(mask) != 0;
#endif
}

// The high half of each word where the low half was; the high half is rubbish. A shuffle, because
// shifts of 512 bits have one port only and the roots need it.
ESC_INLINE VU FN(high)(VU x) {
  FN(vw) w = (FN(vw))x;
#if ESC_WIDTH == 16
  w = __builtin_shufflevector(
      w, w, 1, 1, 3, 3, 5, 5, 7, 7, 9, 9, 11, 11, 13, 13, 15, 15, 17, 17, 19, 19, 21, 21, 23, 23,
      25, 25, 27, 27, 29, 29, 31, 31);
#elif ESC_WIDTH == 8
  w = __builtin_shufflevector(w, w, 1, 1, 3, 3, 5, 5, 7, 7, 9, 9, 11, 11, 13, 13, 15, 15);
#else
  w = __builtin_shufflevector(w, w, 1, 1, 3, 3, 5, 5, 7, 7);
#endif
  return (VU)w;
}

// A block of two words for each lane. The high halves of the working words hold rubbish until the
// end: only low halves enter the products.
ESC_INLINE void FN(block)(const EscRoundKeys *keys, VU index, VU stream, VU *first, VU *second) {
  VU c0 = index, c1 = index >> 32, c2 = stream, c3 = stream >> 32;
#pragma clang loop unroll(full)
  for (int r = 0; r < 10; r++) {
    VU p0 = (c0 & ESC_LOW_HALF) * ESC_PHILOX_M0, p1 = (c2 & ESC_LOW_HALF) * ESC_PHILOX_M1;
    c0 = FN(high)(p1) ^ c1 ^ keys->even[r], c1 = p1;
    c2 = FN(high)(p0) ^ c3 ^ keys->odd[r], c3 = p0;
  }
  *first = c0 << 32 | (c1 & ESC_LOW_HALF);
  *second = c2 << 32 | (c3 & ESC_LOW_HALF);
}

ESC_INLINE VD FN(minus_two_log)(VD u) {
  VU t = (VU)u + ESC_BITS_LOG_SHIFT;
  VD m = (VD)((t & ESC_MANTISSA) + ESC_BITS_SQRT_HALF);
  VD e = (VD)(t >> 52 | ESC_BITS_TWO52) - ESC_EXPONENT_BIAS;
  VD s = (m - 1.0) / (m + 1.0), z = s * s;
  VD p = ESC_LOG_6 * z + ESC_LOG_5;
  p = p * z + ESC_LOG_4;
  p = p * z + ESC_LOG_3;
  p = p * z + ESC_LOG_2;
  p = p * z + ESC_LOG_1;
  p = p * z + ESC_LOG_0;
  return e * ESC_MINUS_TWO_LN2 + s * p;
}

ESC_INLINE void FN(normal_pair)(VU w0, VU w1, VD *first, VD *second) {
  VD u = 2.0 - (VD)(w0 >> 12 | ESC_BITS_ONE);
  VD r = FN(root)(FN(minus_two_log)(u));
  VD y = (VD)((w1 >> 10 & 0x000fffffffffc000ull) | ESC_BITS_ONE) - 1.5;
  VD t = y * y;
  VD c = ESC_COS_6 * t + ESC_COS_5, s = ESC_SIN_6 * t + ESC_SIN_5;
  c = c * t + ESC_COS_4, s = s * t + ESC_SIN_4;
  c = c * t + ESC_COS_3, s = s * t + ESC_SIN_3;
  c = c * t + ESC_COS_2, s = s * t + ESC_SIN_2;
  c = c * t + ESC_COS_1, s = s * t + ESC_SIN_1;
  c = c * t + ESC_COS_0, s = s * t + ESC_SIN_0;
  s = s * y;
  c = (VD)((VU)c ^ (w1 & 0x8000000000000000ull));
  VI swapped = (VI)(w1 << 1) < 0;
  *first = r * (swapped ? s : c);
  *second = r * (swapped ? c : s);
}
