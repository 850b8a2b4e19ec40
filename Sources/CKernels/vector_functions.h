// Activations and their slopes for ESC_WIDTH lanes at a time, and the arcsine. A part of the templates; every level gives the
// same bits. Errors, in units in the last place of the value: at most 4 (FunctionKernelTests).
#include "function_coefficients.h"
#include "include/network_chain_kernel.h"
#include "vector_math.h"

#ifndef ESC_LOG2_E
#define ESC_LOG2_E 0x1.71547652b82fep+0
#define ESC_LN2_HIGH 0x1.62e42fee00000p-1
#define ESC_LN2_LOW 0x1.a39ef35793c76p-33
// Added, it leaves the nearest whole number in the low bits.
#define ESC_ROUNDER 0x1.8p52
#define ESC_ROOT_TWO_OVER_PI 0x1.9884533d43651p-1
#define ESC_HALF_PI 0x1.921fb54442d18p+0
#define ESC_TWO_OVER_PI 0x1.45f306dc9c883p-1
#define ESC_ONE_OVER_TWO_PI 0x1.45f306dc9c883p-3
#endif

// Σ c_i x^(count − 1 − i) in two chains, the even and the odd powers.
ESC_INLINE VD FN(powers)(const double *c, int count, VD x) {
  const VD y = x * x;
  VD a = c[0], b = c[1];
#pragma clang loop unroll(full)
  for (int i = 2; i + 1 < count; i += 2) a = a * y + c[i], b = b * y + c[i + 1];
  return count % 2 ? (a * y + c[count - 1]) + b * x : a * x + b;
}

ESC_INLINE VD FN(with_sign)(VD size, VD x) {
  return (VD)((VU)size | ((VU)x & ESC_BIT_SIGN));
}

// e^x = scale + scale·p, p within [√½ − 1, √2 − 1], for x from −708 to 709.
ESC_INLINE VD FN(exponential_parts)(VD x, VD *scale) {
  const VD shifted = x * ESC_LOG2_E + ESC_ROUNDER, n = shifted - ESC_ROUNDER;
  const VD r = (x - n * ESC_LN2_HIGH) - n * ESC_LN2_LOW;
  *scale = (VD)(((VU)shifted << 52) + ESC_BITS_ONE);
  return r + (r * r) * FN(powers)(esc_exp_powers, 11, r);
}

// e^x for x up to 709; below −708 that of −708.
ESC_INLINE VD FN(exponential)(VD x) {
  VD scale;
  const VD p = FN(exponential_parts)(x < -708.0 ? (VD)(-708.0) : x, &scale);
  return scale + scale * p;
}

// erf(x/√2) and √(2/π) e^(−x²/2).
ESC_INLINE void FN(error_function)(VD x, VD *value, VD *slope) {
  const VD size = FN(abs)(x), square = x * x;
  const VD far = size > 8.6 ? (VD)(8.6) : size, inverse = 1.0 / (far + 3.0);
  const VD e = FN(exponential)(-0.5 * square);
  const VD tail = FN(powers)(esc_erf_tail_powers, 20, (far - 3.0) * inverse) * inverse;
  const VD near = x * FN(powers)(esc_erf_powers, 10, square);
  *value = size < 1.0 ? near : FN(with_sign)(1.0 - e * tail, x);
  *slope = ESC_ROOT_TWO_OVER_PI * e;
}

// tanh x = t/(t + 2), t = e^(2x) − 1.
ESC_INLINE VD FN(tangent)(VD x) {
  const VD size = FN(abs)(x);
  VD scale;
  const VD p = FN(exponential_parts)(size > 20.0 ? (VD)(40.0) : size + size, &scale);
  const VD t = scale * p + (scale - 1.0);
  return FN(with_sign)(t / (t + 2.0), x);
}

// 1/(1 + e^(−x)).
ESC_INLINE VD FN(logistic)(VD x) {
  return 1.0 / (1.0 + FN(exponential)(x < -708.0 ? (VD)(708.0) : -x));
}

// log(1 + e^x) and its slope.
ESC_INLINE void FN(softplus)(VD x, VD *value, VD *slope) {
  const VD y = FN(exponential)(-FN(abs)(x)), s = y / (2.0 + y);
  const VD rest = 2.0 * s * FN(powers)(esc_atanh_powers, 11, s * s), inverse = 1.0 / (1.0 + y);
  *value = (x < 0.0 ? (VD)(0) : x) + rest;
  *slope = x < 0.0 ? y * inverse : inverse;
}

// arcsin x, |x| ≤ ½.
ESC_INLINE VD FN(small_arcsine)(VD x) { return x * FN(powers)(esc_asin_powers, 14, x * x); }

// arcsin x, |x| ≤ 1.
ESC_INLINE VD FN(arcsine)(VD x) {
  const VD size = FN(abs)(x);
  const VI large = size > 0.5;
  const VD z = large ? (1.0 - size) * 0.5 : x * x, s = large ? FN(root)(z) : size;
  const VD p = s * FN(powers)(esc_asin_powers, 14, z);
  return FN(with_sign)(large ? ESC_HALF_PI - (p + p) : p, x);
}

ESC_INLINE VD FN(correlation)(VD x) {
  return x > 1.0 ? (VD)(1.0) : x < -1.0 ? (VD)(-1.0) : x;
}

// A function at `count` fields, ESC_LANES apart, and its slopes unless there is no room for them.
static __attribute__((noinline)) void FN(functions)(
    const EscFunction *function, uint64_t count, const double *x, double *values, double *slopes) {
  const double *const c = function->powers;
#define ESC_EACH_FIELD(statements)                                       \
  _Pragma("clang loop unroll(disable)")                                  \
  for (uint64_t i = 0; i < count; i++) {                                 \
    const VD field = FN(load)(x + i * ESC_LANES);                        \
    VD value, slope = 0;                                                 \
    statements                                                           \
    FN(store)(values + i * ESC_LANES, value);                            \
    if (slopes) FN(store)(slopes + i * ESC_LANES, slope);                \
  }                                                                      \
  break
  switch (function->kind) {
    case ESC_SQUARE: ESC_EACH_FIELD(value = field * field; slope = field + field;);
    case ESC_POLYNOMIAL:
      ESC_EACH_FIELD(value = c[0]; for (uint64_t n = 1; n < function->count; n++) {
        slope = slope * field + value;
        value = value * field + c[n];
      });
    case ESC_RELU:
      ESC_EACH_FIELD(value = field > 0.0 ? field : (VD)(0); slope = field > 0.0 ? (VD)(1) : (VD)(0););
    case ESC_ERF: ESC_EACH_FIELD(FN(error_function)(field, &value, &slope););
    case ESC_TANH: ESC_EACH_FIELD(value = FN(tangent)(field); slope = 1.0 - value * value;);
    case ESC_SIGMOID: ESC_EACH_FIELD(value = FN(logistic)(field); slope = value * (1.0 - value););
    case ESC_SOFTPLUS: ESC_EACH_FIELD(FN(softplus)(field, &value, &slope););
    case ESC_SIGN:
      ESC_EACH_FIELD(value = field > 0.0 ? (VD)(1) : field < 0.0 ? (VD)(-1) : (VD)(0););
    case ESC_STEP: ESC_EACH_FIELD(value = field > 0.0 ? (VD)(1) : (VD)(0););
    case ESC_ABSOLUTE: ESC_EACH_FIELD(value = FN(abs)(field););
  }
#undef ESC_EACH_FIELD
}
