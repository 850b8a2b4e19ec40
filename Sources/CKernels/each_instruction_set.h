// Compiles the template named by ESC_TEMPLATE once for each instruction set; not to be included elsewhere.
//
// A template defines its functions as FN(name), which becomes name_baseline, name_avx2 and
// name_avx512. The template must be a quoted file name.
#pragma STDC FP_CONTRACT OFF

#define FN(name) name##_baseline
#define ESC_WIDTH 4
#include ESC_TEMPLATE
#undef FN
#undef ESC_WIDTH

#if defined(__x86_64__)
#pragma clang attribute push(__attribute__((target("arch=x86-64-v3"))), apply_to = function)
#define FN(name) name##_avx2
#define ESC_WIDTH 8
#include ESC_TEMPLATE
#undef FN
#undef ESC_WIDTH
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("arch=x86-64-v4"))), apply_to = function)
#pragma clang attribute push(__attribute__((min_vector_width(512))), apply_to = function)
#define FN(name) name##_avx512
#define ESC_WIDTH 16
#include ESC_TEMPLATE
#undef FN
#undef ESC_WIDTH
#pragma clang attribute pop
#pragma clang attribute pop

/// Calls the copy of `name` that runs with `instructions`.
#define ESC_DISPATCH(instructions, name, ...)                       \
  ((instructions) == ESC_INSTRUCTION_SET_AVX512 ? name##_avx512(__VA_ARGS__)  \
   : (instructions) == ESC_INSTRUCTION_SET_AVX2 ? name##_avx2(__VA_ARGS__)    \
                               : name##_baseline(__VA_ARGS__))
#else
#define ESC_DISPATCH(instructions, name, ...) ((void)(instructions), name##_baseline(__VA_ARGS__))
#endif
