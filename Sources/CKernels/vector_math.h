// Generators and normals for ESC_WIDTH lanes at a time. A part of the templates, compiled once for
// each instruction set; counter_stream.h has the same arithmetic for one lane, in the same order.
//
// A vector here is twice as wide as the registers of its instruction set, so that two independent instructions
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
// itself the compiler puts the generator first and the polynomials after it, each waiting for its
// own results; a processor looks about a hundred instructions ahead and cannot mend that.
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

// A block of the counter for each lane.
ESC_INLINE void FN(block)(
    const EscRoundKeys *keys, VU index, VU stream, VU *first, VU *second) {
  VU c0 = index >> 32, c1 = index & ESC_LOW_HALF, c2 = stream & ESC_LOW_HALF, c3 = stream >> 32;
#pragma clang loop unroll(disable)
  for (int r = 0; r < ESC_ROUNDS; r++) {
    VU p0 = c0 * ESC_PHILOX_M0, p1 = c2 * ESC_PHILOX_M1;
    c0 = p1 >> 32 ^ c1 ^ keys->even[r], c1 = p1 & ESC_LOW_HALF;
    c2 = p0 >> 32 ^ c3 ^ keys->odd[r], c3 = p0 & ESC_LOW_HALF;
  }
  *first = c0 << 32 | c1;
  *second = c2 << 32 | c3;
}

// The states of ESC_WIDTH generators.
typedef struct {
  VU s0, s1, s2, s3;
} FN(Generator);

ESC_INLINE FN(Generator) FN(generator)(const EscGenerators *generators, int lane) {
  FN(Generator) g;
  g.s0 = FN(load_words)(generators->word[0] + lane);
  g.s1 = FN(load_words)(generators->word[1] + lane);
  g.s2 = FN(load_words)(generators->word[2] + lane);
  g.s3 = FN(load_words)(generators->word[3] + lane);
  return g;
}

ESC_INLINE VU FN(rotate)(VU x, uint64_t count) { return x << count | x >> (64 - count); }

// A step of xoshiro256++ in two halves, from (a0_, a1_, a2_, a3_) to the same and `word`.
#define ESC_DRAW(word)                                     \
  word = a0_ + a3_, shifted_ = a1_ << 17;                  \
  a2_ ^= a0_, a3_ ^= a1_;
#define ESC_STIR(word)                                     \
  word = FN(rotate)(word, 23) + a0_;                       \
  a1_ ^= a2_, a0_ ^= a3_, a2_ ^= shifted_;                 \
  a3_ = FN(rotate)(a3_, 45);

// The next two words of each lane.
ESC_INLINE void FN(words)(FN(Generator) *generator, VU *first, VU *second) {
  VU a0_ = generator->s0, a1_ = generator->s1, a2_ = generator->s2, a3_ = generator->s3;
  VU shifted_, word;
  ESC_DRAW(word) ESC_STIR(word)
  *first = word;
  ESC_DRAW(word) ESC_STIR(word)
  *second = word;
  generator->s0 = a0_, generator->s1 = a1_, generator->s2 = a2_, generator->s3 = a3_;
}

// Puts generators back by `words` and stores them: a kernel that runs ahead leaves every replica at
// the numbers of its next step.
static __attribute__((noinline)) void FN(rewind)(
    const FN(Generator) *from, uint64_t words, EscGenerators *generators, int lane) {
  VU s0 = from->s0, s1 = from->s1, s2 = from->s2, s3 = from->s3;
  for (uint64_t i = 0; i < words; i++) {
    // As esc_xoshiro_back.
    s3 = FN(rotate)(s3, 19);
    s0 ^= s3;
    VU x = s1 ^ s2;
    x ^= x << 17;
    x ^= x << 34;
    s2 ^= s0 ^ x << 17;
    s1 = x;
    s3 ^= x;
  }
  FN(store_words)(generators->word[0] + lane, s0);
  FN(store_words)(generators->word[1] + lane, s1);
  FN(store_words)(generators->word[2] + lane, s2);
  FN(store_words)(generators->word[3] + lane, s3);
}

// Two standard normals from the words (w0, w1), the sum of their squares, and into (w0, w1) the next
// two words: the generator's steps stand between those of the polynomials, as either alone would
// wait for its own results most of the time. S1 to S8 are statements of the caller's that wait in
// the same way, spread over the same stretch. The order was found by measurement (exchanging
// statements at random, keeping what was faster); it changes no result.
#define ESC_PAIR_AND_WORDS(generator, w0, w1, first, second, square, S1, S2, S3, S4, S5, S6, S7, S8) \
  do {                                                                                    \
    VU a0_ = (generator)->s0, a1_ = (generator)->s1, a2_ = (generator)->s2;               \
    VU a3_ = (generator)->s3, shifted_, next0_, next1_;                                   \
    VD u_ = 2.0 - (VD)(((w0) & ESC_MANTISSA) | ESC_BITS_ONE); ESC_PIN(u_);                \
    VU bits_ = (VU)u_ + ESC_BITS_LOG_SHIFT;                                               \
    VD mantissa_ = (VD)((bits_ & ESC_MANTISSA) + ESC_BITS_SQRT_HALF);                     \
    ESC_PIN(mantissa_);                                                                   \
    ESC_DRAW(next0_) ESC_PIN(next0_);                                                     \
    VD y_ = (VD)(((w1) & ESC_ANGLE) | ESC_BITS_ONE) - 1.5; ESC_PIN(y_);                   \
    VD ratio_ = (mantissa_ - 1.0) / (mantissa_ + 1.0); ESC_PIN(ratio_);                   \
    VD t_ = y_ * y_; ESC_PIN(t_);                                                         \
    VD e_ = FN(exponent)(bits_) * ESC_MINUS_TWO_LN2; ESC_PIN(e_);                         \
    VD c_ = ESC_COS_6 * t_ + ESC_COS_5; ESC_PIN(c_);                                      \
    S1                                                                                    \
    VD s_ = ESC_SIN_6 * t_ + ESC_SIN_5; ESC_PIN(s_);                                      \
    ESC_STIR(next0_) ESC_PIN(next0_); ESC_PIN(a3_);                                       \
    VD z_ = ratio_ * ratio_; ESC_PIN(z_);                                                 \
    c_ = c_ * t_ + ESC_COS_4; ESC_PIN(c_);                                                \
    S2                                                                                    \
    S3                                                                                    \
    s_ = s_ * t_ + ESC_SIN_4; ESC_PIN(s_);                                                \
    c_ = c_ * t_ + ESC_COS_3; ESC_PIN(c_);                                                \
    VD z2_ = z_ * z_; ESC_PIN(z2_);                                                       \
    VD p23_ = ESC_LOG_3 * z_ + ESC_LOG_2; ESC_PIN(p23_);                                  \
    VD p46_ = (ESC_LOG_5 * z_ + ESC_LOG_4) + ESC_LOG_6 * z2_; ESC_PIN(p46_);              \
    VD p01_ = ESC_LOG_1 * z_ + ESC_LOG_0; ESC_PIN(p01_);                                  \
    s_ = s_ * t_ + ESC_SIN_3; ESC_PIN(s_);                                                \
    S4                                                                                    \
    S5                                                                                    \
    ESC_DRAW(next1_) ESC_PIN(next1_);                                                     \
    c_ = c_ * t_ + ESC_COS_2; ESC_PIN(c_);                                                \
    S6                                                                                    \
    VD p_ = (p01_ + p23_ * z2_) + p46_ * (z2_ * z2_); ESC_PIN(p_);                        \
    s_ = s_ * t_ + ESC_SIN_2; ESC_PIN(s_);                                                \
    ESC_STIR(next1_) ESC_PIN(next1_); ESC_PIN(a3_);                                       \
    s_ = s_ * t_ + ESC_SIN_1; ESC_PIN(s_);                                                \
    c_ = c_ * t_ + ESC_COS_1; ESC_PIN(c_);                                                \
    S7                                                                                    \
    (square) = e_ + ratio_ * p_;                                                          \
    VD r_ = FN(root)(square); ESC_PIN(r_);                                                \
    s_ = s_ * t_ + ESC_SIN_0;                                                             \
    s_ = s_ * y_; ESC_PIN(s_);                                                            \
    c_ = c_ * t_ + ESC_COS_0;                                                             \
    c_ = (VD)((VU)c_ ^ ((w1) & ESC_BIT_SIGN)); ESC_PIN(c_);                               \
    S8                                                                                    \
    VI swapped_ = (VI)((w1) << 1) < 0;                                                    \
    VD near_ = swapped_ ? s_ : c_, far_ = swapped_ ? c_ : s_; ESC_PIN(near_);             \
    ESC_PIN(far_);                                                                        \
    (w0) = next0_, (w1) = next1_;                                                         \
    (generator)->s0 = a0_, (generator)->s1 = a1_;                                         \
    (generator)->s2 = a2_, (generator)->s3 = a3_;                                         \
    (first) = r_ * near_;                                                                 \
    (second) = r_ * far_;                                                                 \
  } while (0)

ESC_INLINE void FN(pair_and_words)(
    FN(Generator) *generator, VU *w0, VU *w1, VD *first, VD *second, VD *square) {
  ESC_PAIR_AND_WORDS(generator, *w0, *w1, *first, *second, *square, , , , , , , , );
}

// Chi-square of each lane's step from its normal x and the word with its spare bits; lanes that the quick test cannot
// accept take the slow path.
ESC_INLINE VD FN(chi_square)(
    const EscRoundKeys *keys, const EscChiSquare *chi, const uint64_t *stream, VU step, VD x,
    VU word) {
  if (chi->degrees < 2) return chi->degrees ? x * x : (VD)(0);
  VD w = chi->offset + chi->tilt * x, x2 = x * x, value = (w * w) * w;
  VD spare = (VD)((word & ESC_SPARE) | ESC_BITS_TWO52) - 4503599627370496.0;
  VI kept = spare > chi->guard * (x2 * x2);
  if (__builtin_expect(!FN(all)(kept), 0)) {
    uint64_t k[ESC_WIDTH], u[ESC_WIDTH], good[ESC_WIDTH];
    double xs[ESC_WIDTH], values[ESC_WIDTH];
    FN(store_words)(k, step), FN(store_words)(u, word), FN(store_words)(good, (VU)kept);
    FN(store)(xs, x), FN(store)(values, value);
    esc_chi_square_redraw(chi, keys, ESC_WIDTH, good, stream, k, xs, u, values);
    value = FN(load)(values);
  }
  return value;
}

// Two standard normals from two words, which need no generator.
ESC_INLINE void FN(pair)(VU w0, VU w1, VD *first, VD *second) {
  FN(Generator) none = {w0, w0, w0, w0};
  VD square;
  FN(pair_and_words)(&none, &w0, &w1, first, second, &square);
}
