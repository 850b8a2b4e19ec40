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
// What a comparison of doubles returns: `long`, also where int64_t is `long long`.
typedef long VI __attribute__((ext_vector_type(ESC_WIDTH)));
typedef uint32_t FN(vw) __attribute__((ext_vector_type(2 * ESC_WIDTH)));
#if ESC_WIDTH == 16
typedef _Bool FN(vb) __attribute__((ext_vector_type(16)));
#endif

// Keeps the constants in memory, where an operation reads them for nothing: hoisted out of a loop
// they would fill the registers.
ESC_INLINE void FN(fence)(void) {
#if ESC_WIDTH == 16
  __asm__ volatile("" ::: "memory");
#endif
}
#define ESC_FENCE FN(fence)()

// Fixes where in the instruction stream x has been computed, relative to other pins. Left to
// itself the compiler puts the rounds of Philox first and the polynomials after them, each waiting
// for its own results; a processor looks about a hundred instructions ahead and cannot mend that.
ESC_INLINE void FN(pin)(VU *x) {
#if defined(__x86_64__) && ESC_WIDTH == 16
  typedef uint64_t Half __attribute__((ext_vector_type(8)));
  Half low = x->lo, high = x->hi;
  __asm__ volatile("" : "+v"(low));
  __asm__ volatile("" : "+v"(high));
  x->lo = low, x->hi = high;
#else
  (void)x;
#endif
}
#define ESC_PIN(x) FN(pin)((VU *)&(x))

// Makes a local variable one that a fence may have changed.
#define ESC_KEEP_IN_MEMORY(x) __asm__ volatile("" : : "r"(&(x)) : "memory")

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

// log2 of the power of two in the double that `bits` spells, positive and normal.
ESC_INLINE VD FN(exponent)(VU bits) {
#if defined(__x86_64__) && ESC_WIDTH == 16
  typedef double Half __attribute__((vector_size(64)));
  VD x = (VD)bits, out;
  Half low, high;
  __builtin_memcpy(&low, &x, 64);
  __builtin_memcpy(&high, (const char *)&x + 64, 64);
  low = (Half)__builtin_ia32_getexppd512_mask(low, low, 0xff, 4);
  high = (Half)__builtin_ia32_getexppd512_mask(high, high, 0xff, 4);
  __builtin_memcpy(&out, &low, 64);
  __builtin_memcpy((char *)&out + 64, &high, 64);
  return out;
#else
  return (VD)(bits >> 52 | ESC_BITS_TWO52) - ESC_EXPONENT_BIAS;
#endif
}

// 1/sqrt q to 3 units in the last place, by four of Newton's steps: the divider is the busier part.
ESC_INLINE VD FN(inverse_root)(VD q) {
  VD y = (VD)(ESC_INVERSE_ROOT - ((VU)q >> 1)), half = 0.5 * q;
  y = y * (1.5 - half * (y * y));
  y = y * (1.5 - half * (y * y));
  y = y * (1.5 - half * (y * y));
  y = y * (1.5 - half * (y * y));
  return y;
}

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

// x << 32, as a shuffle: a shift of a product would become a product of 64 bits.
ESC_INLINE VU FN(raise)(VU x) {
  FN(vw) w = (FN(vw))x, zero = 0;
#if ESC_WIDTH == 16
  w = __builtin_shufflevector(
      w, zero, 32, 0, 32, 2, 32, 4, 32, 6, 32, 8, 32, 10, 32, 12, 32, 14, 32, 16, 32, 18, 32, 20,
      32, 22, 32, 24, 32, 26, 32, 28, 32, 30);
#elif ESC_WIDTH == 8
  w = __builtin_shufflevector(w, zero, 16, 0, 16, 2, 16, 4, 16, 6, 16, 8, 16, 10, 16, 12, 16, 14);
#else
  w = __builtin_shufflevector(w, zero, 8, 0, 8, 2, 8, 4, 8, 6);
#endif
  return (VU)w;
}

// A round of Philox in two halves. The high halves of the working words hold rubbish: only the low
// halves enter the products.
#define ESC_PRODUCTS                                       \
  p0 = (c0 & ESC_LOW_HALF) * ESC_PHILOX_M0;                \
  p1 = (c2 & ESC_LOW_HALF) * ESC_PHILOX_M1;
#define ESC_MIX(r)                                         \
  c0 = FN(high)(p1) ^ c1 ^ keys->even[r];                  \
  c2 = FN(high)(p0) ^ c3 ^ keys->odd[r];                   \
  c1 = p1, c3 = p0;
#define ESC_ROUND(r) ESC_PRODUCTS ESC_MIX(r)

// The last round, which leaves the four words as two of 64 bits.
#define ESC_LAST_ROUND(first, second)                      \
  p0 = (c0 & ESC_LOW_HALF) * ESC_PHILOX_M0;                \
  p1 = (c2 & ESC_LOW_HALF) * ESC_PHILOX_M1;                \
  first = p1 ^ FN(raise)(c1) ^ keys->last_even;               \
  second = p0 ^ FN(raise)(c3) ^ keys->last_odd;

// What the first rounds of a block make of everything but the low half of its index.
typedef struct {
  VU x0, x1, x2, x3, x4;
} FN(Prefix);

ESC_INLINE FN(Prefix) FN(prefix)(const EscRoundKeys *keys, VU high_index, VU stream) {
  FN(Prefix) x;
  VU p0 = (high_index & ESC_LOW_HALF) * ESC_PHILOX_M0, p1 = (stream & ESC_LOW_HALF) * ESC_PHILOX_M1;
  VU c2 = FN(high)(p0) ^ FN(high)(stream) ^ keys->odd[0];
  x.x0 = FN(high)(p1) ^ keys->even[0];
  x.x1 = p0 ^ keys->odd[1];
  VU q1 = (c2 & ESC_LOW_HALF) * ESC_PHILOX_M1, c0 = FN(high)(q1) ^ p1 ^ keys->even[1];
  x.x2 = q1 ^ keys->even[2];
  VU q0 = (c0 & ESC_LOW_HALF) * ESC_PHILOX_M0;
  x.x3 = FN(high)(q0) ^ keys->odd[2];
  x.x4 = q0 ^ keys->odd[3];
  return x;
}

// Rounds 0 to 3, in two halves.
#define ESC_FIRST_ROUNDS(prefix, index)                          \
  p0 = (((prefix)->x0 ^ (index)) & ESC_LOW_HALF) * ESC_PHILOX_M0; \
  c2 = FN(high)(p0) ^ (prefix)->x1;                              \
  p1 = (c2 & ESC_LOW_HALF) * ESC_PHILOX_M1;
#define ESC_NEXT_ROUNDS(prefix)                                  \
  c2 = p0 ^ (prefix)->x3;                                        \
  c0 = FN(high)(p1) ^ (prefix)->x2;                              \
  c1 = p1;                                                       \
  p0 = (c0 & ESC_LOW_HALF) * ESC_PHILOX_M0;                      \
  p1 = (c2 & ESC_LOW_HALF) * ESC_PHILOX_M1;                      \
  c0 = FN(high)(p1) ^ c1 ^ keys->even[3];                        \
  c2 = FN(high)(p0) ^ (prefix)->x4;                              \
  c1 = p1, c3 = p0;

// A block of two words for each lane; only the low half of `index` counts.
ESC_INLINE void FN(block)(
    const EscRoundKeys *keys, const FN(Prefix) *prefix, VU index, VU *first, VU *second) {
  VU c0, c1, c2, c3, p0, p1;
  ESC_FIRST_ROUNDS(prefix, index) ESC_NEXT_ROUNDS(prefix)
  ESC_ROUND(4) ESC_ROUND(5) ESC_ROUND(6) ESC_ROUND(7) ESC_ROUND(8)
  ESC_LAST_ROUND(*first, *second)
}

// Two standard normals from the block (w0, w1), the sum of their squares, and into (w0, w1) the
// block at `index`: the rounds stand between the steps of the polynomials, as either alone would
// wait for its own results most of the time. S1 to S8 are statements of the caller's that wait in
// the same way, spread over the same stretch. The order was found by measurement (exchanging
// statements at random, keeping what was faster); it changes no result.
#define ESC_PAIR_AND_BLOCK(prefix, index, w0, w1, first, second, square, S1, S2, S3, S4, S5, S6, S7, S8) \
  do {                                                                                      \
    VU c0, c1, c2, c3, p0, p1;                                                              \
    VD u_ = 2.0 - (VD)(((w0) & ESC_MANTISSA) | ESC_BITS_ONE); ESC_PIN(u_);                  \
    VU bits_ = (VU)u_ + ESC_BITS_LOG_SHIFT;                                                 \
    VD mantissa_ = (VD)((bits_ & ESC_MANTISSA) + ESC_BITS_SQRT_HALF);                       \
    ESC_PIN(mantissa_);                                                                     \
    ESC_FIRST_ROUNDS(prefix, index)                                                         \
    ESC_PIN(c2);                                                                            \
    VD y_ = (VD)(((w1) & ESC_ANGLE) | ESC_BITS_ONE) - 1.5; ESC_PIN(y_);                     \
    ESC_NEXT_ROUNDS(prefix)                                                                 \
    ESC_PIN(c2);                                                                            \
    VD ratio_ = (mantissa_ - 1.0) / (mantissa_ + 1.0); ESC_PIN(ratio_);                     \
    VD t_ = y_ * y_; ESC_PIN(t_);                                                           \
    VD c_ = ESC_COS_6 * t_ + ESC_COS_5; ESC_PIN(c_);                                        \
    ESC_PRODUCTS ESC_PIN(p1);                                                               \
    VD z_ = ratio_ * ratio_; ESC_PIN(z_);                                                   \
    S1                                                                                      \
    VD s_ = ESC_SIN_6 * t_ + ESC_SIN_5; ESC_PIN(s_);                                        \
    ESC_MIX(4) ESC_PIN(c2);                                                                 \
    c_ = c_ * t_ + ESC_COS_4; ESC_PIN(c_);                                                  \
    S2                                                                                      \
    S3                                                                                      \
    s_ = s_ * t_ + ESC_SIN_4; ESC_PIN(s_);                                                  \
    ESC_PRODUCTS ESC_PIN(p1);                                                               \
    c_ = c_ * t_ + ESC_COS_3; ESC_PIN(c_);                                                  \
    VD e_ = FN(exponent)(bits_) * ESC_MINUS_TWO_LN2; ESC_PIN(e_);                           \
    S4                                                                                      \
    VD z2_ = z_ * z_; ESC_PIN(z2_);                                                         \
    VD p01_ = ESC_LOG_1 * z_ + ESC_LOG_0, p23_ = ESC_LOG_3 * z_ + ESC_LOG_2;                \
    ESC_PIN(p01_); ESC_PIN(p23_);                                                           \
    ESC_MIX(5) ESC_PIN(c2);                                                                 \
    s_ = s_ * t_ + ESC_SIN_3; ESC_PIN(s_);                                                  \
    VD p46_ = (ESC_LOG_5 * z_ + ESC_LOG_4) + ESC_LOG_6 * z2_; ESC_PIN(p46_);                \
    S5                                                                                      \
    ESC_PRODUCTS ESC_PIN(p1);                                                               \
    ESC_MIX(6) ESC_PIN(c2);                                                                 \
    c_ = c_ * t_ + ESC_COS_2; ESC_PIN(c_);                                                  \
    S6                                                                                      \
    VD p_ = (p01_ + p23_ * z2_) + p46_ * (z2_ * z2_); ESC_PIN(p_);                          \
    ESC_PRODUCTS ESC_PIN(p1);                                                               \
    s_ = s_ * t_ + ESC_SIN_2; ESC_PIN(s_);                                                  \
    ESC_MIX(7) ESC_PIN(c2);                                                                 \
    c_ = c_ * t_ + ESC_COS_1; ESC_PIN(c_);                                                  \
    S7                                                                                      \
    ESC_PRODUCTS ESC_PIN(p1);                                                               \
    s_ = s_ * t_ + ESC_SIN_1; ESC_PIN(s_);                                                  \
    S8                                                                                      \
    ESC_MIX(8) ESC_PIN(c2);                                                                 \
    (square) = e_ + ratio_ * p_;                                                            \
    VD r_ = FN(root)(square); ESC_PIN(r_);                                                  \
    s_ = s_ * t_ + ESC_SIN_0;                                                               \
    s_ = s_ * y_; ESC_PIN(s_);                                                              \
    c_ = c_ * t_ + ESC_COS_0;                                                               \
    c_ = (VD)((VU)c_ ^ ((w1) & ESC_BIT_SIGN)); ESC_PIN(c_);                                 \
    VI swapped_ = (VI)((w1) << 1) < 0;                                                      \
    VD near_ = swapped_ ? s_ : c_, far_ = swapped_ ? c_ : s_; ESC_PIN(near_);               \
    ESC_PIN(far_);                                                                          \
    ESC_LAST_ROUND(w0, w1)                                                                  \
    ESC_PIN(w1);                                                                            \
    (first) = r_ * near_;                                                                   \
    (second) = r_ * far_;                                                                   \
  } while (0)

ESC_INLINE void FN(pair_and_block)(
    const EscRoundKeys *keys, const FN(Prefix) *prefix, VU index, VU *w0, VU *w1, VD *first,
    VD *second, VD *square) {
  ESC_PAIR_AND_BLOCK(prefix, index, *w0, *w1, *first, *second, *square, , , , , , , , );
}
