#include "instruction_set.h"

EscInstructionSet esc_best_instruction_set(void) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
      && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")
      && __builtin_cpu_supports("avx512cd"))
    return ESC_INSTRUCTION_SET_AVX512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi")
      && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma"))
    return ESC_INSTRUCTION_SET_AVX2;
#endif
  return ESC_INSTRUCTION_SET_BASELINE;
}
