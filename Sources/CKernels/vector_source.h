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

// Where the generator stands: the block of every lane of the next chunk.
typedef struct {
  FN(Prefix) prefix;
  VU index[ESC_PARTS], w0[ESC_PARTS], w1[ESC_PARTS];
  uint64_t stream, high;
} FN(Source);

ESC_INLINE void FN(source_turn)(const EscRoundKeys *keys, FN(Source) *source, uint64_t first) {
  source->high = first >> 32;
  source->prefix = FN(prefix)(keys, (VU)(source->high), (VU)(source->stream));
}

ESC_INLINE void FN(source_start)(
    const EscRoundKeys *keys, FN(Source) *source, uint64_t stream, uint64_t first) {
  source->stream = stream;
  FN(source_turn)(keys, source, first);
  EACH {
    for (int l = 0; l < ESC_WIDTH; l++) source->index[i][l] = first + (uint64_t)(i * ESC_WIDTH + l);
    FN(block)(
        keys, &source->prefix, source->index[i], &source->w0[i], &source->w1[i]);
  }
}

// The 32 normals of a chunk, x, and r^2 of their 16 pairs; `next` is the first block of the chunk
// to come.
ESC_INLINE void FN(chunk)(
    const EscRoundKeys *keys, FN(Source) *source, uint64_t next, VD *x, VD *square) {
  if (__builtin_expect(next >> 32 != source->high, 0)) FN(source_turn)(keys, source, next);
  EACH {
    source->index[i] += 16;
    FN(pair_and_block)(
        keys, &source->prefix, source->index[i], &source->w0[i], &source->w1[i], &x[i],
        &x[ESC_PARTS + i], &square[i]);
  }
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
