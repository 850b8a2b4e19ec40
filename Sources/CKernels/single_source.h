// The stream of one replica in chunks of 32 normals that are made in single precision. A part of the
// templates that work within a replica; counter_stream.h has the same arithmetic for one lane.
//
// A chunk takes one word of each generator: the halves of words 0 to 7 are the radii of its sixteen
// pairs and those of words 8 to 15 the angles, low halves first.
#include "vector_source.h"

// Sixteen lanes with every instruction set: one, two or four registers.
#define VF FN(vf)
#define VFU FN(vfu)
#define VFI FN(vfi)
typedef float VF __attribute__((ext_vector_type(16)));
typedef float FN(vf8) __attribute__((ext_vector_type(8)));
typedef uint32_t VFU __attribute__((ext_vector_type(16)));
typedef int32_t VFI __attribute__((ext_vector_type(16)));

ESC_INLINE void FN(pin_single)(VF *x) {
#if defined(__x86_64__) && ESC_WIDTH == 16
  typedef float Whole __attribute__((vector_size(64)));
  Whole whole;
  __builtin_memcpy(&whole, x, 64);
  __asm__ volatile("" : "+v"(whole));
  __builtin_memcpy(x, &whole, 64);
#else
  (void)x;
#endif
}
#define ESC_PIN_SINGLE(x) FN(pin_single)(&(x))

// The halves of words 0 to 7, or of words 8 to 15.
ESC_INLINE VFU FN(halves)(const VU *w, int upper) {
#if ESC_WIDTH == 16
  return (VFU)(upper ? w[0].hi : w[0].lo);
#elif ESC_WIDTH == 8
  return (VFU)w[upper];
#else
  return (VFU)__builtin_shufflevector(w[2 * upper], w[2 * upper + 1], 0, 1, 2, 3, 4, 5, 6, 7);
#endif
}

// Lanes i ESC_WIDTH to (i + 1) ESC_WIDTH - 1 in double precision.
ESC_INLINE VD FN(widen)(VF x, int i) {
#if ESC_WIDTH == 16
  (void)i;
  return __builtin_convertvector(x, VD);
#elif ESC_WIDTH == 8
  return i ? __builtin_convertvector(x.hi, VD) : __builtin_convertvector(x.lo, VD);
#else
  FN(vf8) half = i < 2 ? x.lo : x.hi;
  return i % 2 ? __builtin_convertvector(half.hi, VD) : __builtin_convertvector(half.lo, VD);
#endif
}

// log2 of the power of two in the number that `bits` spells, positive and normal, less 31.
ESC_INLINE VF FN(single_exponent)(VFU bits) {
#if defined(__x86_64__) && ESC_WIDTH == 16
  typedef float Whole __attribute__((vector_size(64)));
  VF x = (VF)(bits - (31u << 23)), out;
  Whole whole;
  __builtin_memcpy(&whole, &x, 64);
  whole = (Whole)__builtin_ia32_getexpps512_mask(whole, whole, 0xffff, 4);
  __builtin_memcpy(&out, &whole, 64);
  return out;
#else
  return __builtin_convertvector((VFI)(bits >> 23), VF) - ESC_SINGLE_EXPONENT_BIAS;
#endif
}

// a where the low bit of `bits` is set, else b.
ESC_INLINE VF FN(select)(VFU bits, VF a, VF b) {
#if defined(__x86_64__) && ESC_WIDTH == 16
  // Of itself the compiler takes three operations on bits.
  typedef float Whole __attribute__((vector_size(64)));
  FN(vb) lanes = __builtin_convertvector((VFI)(bits & 1) != 0, FN(vb));
  uint16_t mask;
  Whole x, y;
  __builtin_memcpy(&mask, &lanes, sizeof mask);
  __builtin_memcpy(&x, &a, 64), __builtin_memcpy(&y, &b, 64);
  x = (Whole)__builtin_ia32_selectps_512(mask, x, y);
  __builtin_memcpy(&a, &x, 64);
  return a;
#else
  return (VFI)(bits << 31) < 0 ? a : b;
#endif
}

// The next word of every generator in two halves, as ESC_DRAW and ESC_STIR have them.
ESC_INLINE void FN(draw)(FN(Source) *source, VU *word, VU *shifted) {
  EACH {
    FN(Generator) *const g = &source->generator[i];
    word[i] = g->s0 + g->s3, shifted[i] = g->s1 << 17;
    g->s2 ^= g->s0, g->s3 ^= g->s1;
    ESC_PIN(word[i]);
  }
}

ESC_INLINE void FN(stir)(FN(Source) *source, VU *word, const VU *shifted) {
  EACH {
    FN(Generator) *const g = &source->generator[i];
    word[i] = FN(rotate)(word[i], 23) + g->s0;
    g->s1 ^= g->s2, g->s0 ^= g->s3, g->s2 ^= shifted[i];
    g->s3 = FN(rotate)(g->s3, 45);
    ESC_PIN(word[i]);
    ESC_PIN(g->s3);
  }
}

// The words are one chunk ahead: the generators' steps need not wait for the polynomials, nor these
// for them.
ESC_INLINE FN(Source) FN(single_open)(const EscGenerators *generators) {
  FN(Source) source;
  VU shifted[ESC_PARTS];
  EACH source.generator[i] = FN(generator)(generators, i * ESC_WIDTH);
  FN(draw)(&source, source.w0, shifted);
  FN(stir)(&source, source.w0, shifted);
  return source;
}

ESC_INLINE void FN(single_close)(const FN(Source) *source, EscGenerators *generators) {
  EACH FN(rewind)(&source->generator[i], 1, generators, i * ESC_WIDTH);
}

// As esc_single_pair for the 16 pairs of a chunk: the 32 normals, x, and the sums of squares of the
// pairs. Between its statements stand the generators' steps and the caller's S1 to S8, as in
// ESC_PAIR_AND_WORDS.
#define ESC_SINGLE_CHUNK(source, x, square, S1, S2, S3, S4, S5, S6, S7, S8)                       \
  do {                                                                                            \
    const VFU radius_ = FN(halves)((source)->w0, 0), angle_ = FN(halves)((source)->w0, 1);        \
    VU word_[ESC_PARTS], shifted_[ESC_PARTS];                                                     \
    VF v_ = __builtin_convertvector((VFI)(radius_ >> 1), VF) + 0.5f; ESC_PIN_SINGLE(v_);          \
    VFU bits_ = (VFU)v_ + ESC_SINGLE_LOG_SHIFT;                                                   \
    VF m_ = (VF)((bits_ & ESC_SINGLE_MANTISSA) + ESC_SINGLE_SQRT_HALF); ESC_PIN_SINGLE(m_);       \
    VF y_ = __builtin_convertvector((VFI)(angle_ | 1), VF) * ESC_SINGLE_ANGLE_UNIT;               \
    ESC_PIN_SINGLE(y_);                                                                           \
    FN(draw)((source), word_, shifted_);                                                          \
    VF ratio_ = (m_ - 1.0f) / (m_ + 1.0f); ESC_PIN_SINGLE(ratio_);                                \
    VF t_ = y_ * y_; ESC_PIN_SINGLE(t_);                                                          \
    S1                                                                                            \
    VF e_ = FN(single_exponent)(bits_) * ESC_SINGLE_MINUS_TWO_LN2; ESC_PIN_SINGLE(e_);            \
    VF c_ = ESC_SINGLE_COS_3 * t_ + ESC_SINGLE_COS_2; ESC_PIN_SINGLE(c_);                         \
    VF s_ = ESC_SINGLE_SIN_3 * t_ + ESC_SINGLE_SIN_2; ESC_PIN_SINGLE(s_);                         \
    S2                                                                                            \
    FN(stir)((source), word_, shifted_);                                                          \
    S3                                                                                            \
    VF z_ = ratio_ * ratio_; ESC_PIN_SINGLE(z_);                                                  \
    c_ = c_ * t_ + ESC_SINGLE_COS_1; ESC_PIN_SINGLE(c_);                                          \
    s_ = s_ * t_ + ESC_SINGLE_SIN_1; ESC_PIN_SINGLE(s_);                                          \
    VF p_ = ESC_SINGLE_LOG_3 * z_ + ESC_SINGLE_LOG_2; ESC_PIN_SINGLE(p_);                         \
    S4                                                                                            \
    c_ = c_ * t_ + ESC_SINGLE_COS_0; ESC_PIN_SINGLE(c_);                                          \
    p_ = p_ * z_ + ESC_SINGLE_LOG_1; ESC_PIN_SINGLE(p_);                                          \
    S5                                                                                            \
    s_ = s_ * t_ + ESC_SINGLE_SIN_0; ESC_PIN_SINGLE(s_);                                          \
    p_ = p_ * z_ + ESC_SINGLE_LOG_0; ESC_PIN_SINGLE(p_);                                          \
    S6                                                                                            \
    s_ = s_ * y_; ESC_PIN_SINGLE(s_);                                                             \
    c_ = (VF)((VFU)c_ ^ radius_ << 31); ESC_PIN_SINGLE(c_);                                       \
    VF r_ = __builtin_elementwise_sqrt(e_ + ratio_ * p_); ESC_PIN_SINGLE(r_);                     \
    S7                                                                                            \
    VF near_ = FN(select)(angle_, s_, c_), far_ = FN(select)(angle_, c_, s_);                     \
    ESC_PIN_SINGLE(near_); ESC_PIN_SINGLE(far_);                                                  \
    S8                                                                                            \
    near_ = r_ * near_, far_ = r_ * far_;                                                         \
    EACH {                                                                                        \
      (source)->w0[i] = word_[i];                                                                 \
      (x)[i] = FN(widen)(near_, i), (x)[ESC_PARTS + i] = FN(widen)(far_, i);                      \
      (square)[i] = (x)[i] * (x)[i] + (x)[ESC_PARTS + i] * (x)[ESC_PARTS + i];                    \
    }                                                                                             \
  } while (0)

ESC_INLINE void FN(single_chunk)(FN(Source) *source, VD *x, VD *square) {
  ESC_SINGLE_CHUNK(source, x, square, , , , , , , , );
}

// Either precision: a constant to the compiler, which keeps one branch.
ESC_INLINE FN(Source) FN(open)(EscPrecision precision, const EscGenerators *generators) {
  return precision == ESC_SINGLE ? FN(single_open)(generators) : FN(source_open)(generators);
}

ESC_INLINE void FN(close)(
    EscPrecision precision, const FN(Source) *source, EscGenerators *generators) {
  if (precision == ESC_SINGLE) FN(single_close)(source, generators);
  else FN(source_close)(source, generators);
}

ESC_INLINE void FN(next_chunk)(
    EscPrecision precision, FN(Source) *source, VD *x, VD *square) {
  if (precision == ESC_SINGLE) FN(single_chunk)(source, x, square);
  else FN(chunk)(source, x, square);
}
