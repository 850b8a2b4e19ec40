// The diffusion of sde_kernel.h. While the overlaps take steps 2n and 2n + 1, the pair of normals
// for the next two is made.
#include "vector_math.h"

#define ESC_GROUPS (ESC_LANES / ESC_WIDTH)

// dt times the drift.
ESC_INLINE VD FN(pull_at)(const double *p, VD m) {
  VD t = m * m, a = p[4] * t + p[3];
  a = a * t + p[2];
  a = a * t + p[1];
  a = a * t + p[0];
  return m * a;
}

// The step from `from` by the scheme, `to` the Euler step, which stands as it is for that scheme.
ESC_INLINE VD FN(improved)(const EscFolded *folded, VD from, VD to, VD pull, VD noise) {
  const double *p = folded->drift;
  if (folded->scheme == ESC_SCHEME_DRIFT_HEUN)
    return from + (0.5 * (pull + FN(pull_at)(p, to)) + noise);
  if (folded->scheme == ESC_SCHEME_DRIFT_RUNGE_KUTTA) {
    VD moved = from + noise, k2 = FN(pull_at)(p, from + 0.5 * pull);
    VD k3 = FN(pull_at)(p, moved + 0.5 * k2), k4 = FN(pull_at)(p, moved + k3);
    return from + ((1.0 / 6.0) * ((pull + k4) + 2.0 * (k2 + k3)) + noise);
  }
  return to;
}

static uint64_t FN(sde_run)(
    const EscRoundKeys *keys, const EscFolded *folded, EscDiffusionLanes *lanes, uint64_t pairs,
    EscStops *stops) {
  const double *p = folded->drift, *v = folded->variance;
  FN(Generator) generator[ESC_GROUPS];
  VU w0[ESC_GROUPS], w1[ESC_GROUPS];
  VD first[ESC_GROUPS], second[ESC_GROUPS], m[ESC_GROUPS];
  for (int i = 0; i < ESC_GROUPS; i++) {
    VD unused;
    m[i] = FN(load)(lanes->overlap + ESC_WIDTH * i);
    generator[i] = FN(generator)(&lanes->generators, ESC_WIDTH * i);
    FN(words)(&generator[i], &w0[i], &w1[i]);
    FN(pair_and_words)(&generator[i], &w0[i], &w1[i], &first[i], &second[i], &unused);
  }
  uint64_t n = 0;
  while (stops->lanes == 0 && n < pairs) {
#pragma clang loop unroll(disable)
    for (int i = 0; i < ESC_GROUPS; i++) {
      ESC_FENCE;
      VD g0 = first[i], g1 = second[i], eta = FN(load)(lanes->boundary + ESC_WIDTH * i);
      VD x = m[i], y, z, t, a, b, far, gap, middle, e, spread0, spread1, unused;
      VI calm;
      ESC_PAIR_AND_WORDS(
          &generator[i], w0[i], w1[i], first[i], second[i], unused,
          t = x * x; a = p[4] * t + p[3]; b = v[4] * t + v[3]; ESC_PIN(b);
          a = a * t + p[2]; b = b * t + v[2]; ESC_PIN(b);,
          a = a * t + p[1]; b = b * t + v[1]; ESC_PIN(b);
          a = a * t + p[0]; spread0 = b * t + v[0]; ESC_PIN(a);,
          b = FN(root)(spread0 > 0.0 ? spread0 : (VD)(0)); ESC_PIN(b);
          far = folded->shift > 0.0 ? eta + folded->shift * b : eta;
          gap = far - FN(abs)(x); ESC_PIN(gap);,
          b = b * g0; a = x * a; y = x + (a + b);
          if (folded->scheme) y = FN(improved)(folded, x, y, a, b);
          ESC_PIN(y);
          middle = far - FN(abs)(y); e = (gap + gap) * middle;
          calm = (middle > 0.0) & (e >= folded->reach * spread0); ESC_PIN(calm);,
          t = y * y; a = p[4] * t + p[3]; b = v[4] * t + v[3]; ESC_PIN(b);
          a = a * t + p[2]; b = b * t + v[2]; ESC_PIN(b);,
          a = a * t + p[1]; b = b * t + v[1]; ESC_PIN(b);
          a = a * t + p[0]; spread1 = b * t + v[0]; ESC_PIN(a);,
          b = FN(root)(spread1 > 0.0 ? spread1 : (VD)(0)); ESC_PIN(b);
          far = folded->shift > 0.0 ? eta + folded->shift * b : eta;
          middle = far - FN(abs)(y); ESC_PIN(middle);,
          b = b * g1; a = y * a; z = y + (a + b);
          if (folded->scheme) z = FN(improved)(folded, y, z, a, b);
          ESC_PIN(z););
      gap = far - FN(abs)(z);
      e = (middle + middle) * gap;
      calm &= (gap > 0.0) & (e >= folded->reach * spread1);
      m[i] = z;
      if (__builtin_expect(!FN(all)(calm), 0)) {
        uint64_t quiet[ESC_WIDTH];
        double path[3][ESC_WIDTH], spread[2][ESC_WIDTH];
        FN(store_words)(quiet, (VU)calm);
        FN(store)(path[0], x), FN(store)(path[1], y), FN(store)(path[2], z);
        FN(store)(spread[0], spread0), FN(store)(spread[1], spread1);
        for (int l = 0; l < ESC_WIDTH; l++)
          if (!quiet[l]) {
            double three[3] = {path[0][l], path[1][l], path[2][l]};
            double two[2] = {spread[0][l], spread[1][l]};
            sde_examine(keys, folded, lanes, i * ESC_WIDTH + l, n, three, two, stops);
          }
      }
    }
    n++;
  }
  for (int i = 0; i < ESC_GROUPS; i++) {
    FN(store)(lanes->overlap + ESC_WIDTH * i, m[i]);
    FN(rewind)(&generator[i], 4, &lanes->generators, ESC_WIDTH * i);
  }
  for (int i = 0; i < ESC_LANES; i++) lanes->step[i] += 2 * n;
  return n;
}
#undef ESC_GROUPS
