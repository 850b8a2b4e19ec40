// The stream of one replica in chunks of 32 normals, and sums in a fixed order. A part of the
// templates that work within a replica.
#include "vector_math.h"

#ifndef ESC_CHUNK
#define ESC_CHUNK 32
#define ESC_PARTS (16 / ESC_WIDTH)
#endif
#define EACH _Pragma("clang loop unroll(full)") for (int i = 0; i < ESC_PARTS; i++)

typedef double FN(sixteen) __attribute__((ext_vector_type(16)));
typedef double FN(eight) __attribute__((ext_vector_type(8)));
typedef double FN(four) __attribute__((ext_vector_type(4)));
typedef double FN(two) __attribute__((ext_vector_type(2)));

// The sixteen generators of a replica and the words of the next chunk, which they have given.
typedef struct {
  FN(Generator) generator[ESC_PARTS];
  VU w0[ESC_PARTS], w1[ESC_PARTS];
} FN(Source);

ESC_INLINE FN(Source) FN(source_open)(const EscGenerators *generators) {
  FN(Source) source;
  EACH {
    source.generator[i] = FN(generator)(generators, i * ESC_WIDTH);
    FN(words)(&source.generator[i], &source.w0[i], &source.w1[i]);
  }
  return source;
}

// Stores the generators where the next chunk begins.
ESC_INLINE void FN(source_close)(const FN(Source) *source, EscGenerators *generators) {
  EACH FN(rewind)(&source->generator[i], 2, generators, i * ESC_WIDTH);
}

// The 32 normals of a chunk, x, and r^2 of their 16 pairs.
ESC_INLINE void FN(chunk)(FN(Source) *source, VD *x, VD *square) {
  EACH FN(pair_and_words)(
      &source->generator[i], &source->w0[i], &source->w1[i], &x[i], &x[ESC_PARTS + i], &square[i]);
}

// Sums by halving: number i with i + 8, then with i + 4, ….
ESC_INLINE double FN(halve)(FN(sixteen) a) {
  FN(eight) b = a.lo + a.hi;
  FN(four) c = b.lo + b.hi;
  FN(two) e = c.lo + c.hi;
  return e.x + e.y;
}

ESC_INLINE double FN(sum16)(const double *a) {
  FN(sixteen) x;
  __builtin_memcpy(&x, a, sizeof x);
  return FN(halve)(x);
}

ESC_INLINE double FN(sum32)(const double *a) {
  FN(sixteen) x, y;
  __builtin_memcpy(&x, a, sizeof x);
  __builtin_memcpy(&y, a + 16, sizeof y);
  return FN(halve)(x + y);
}
