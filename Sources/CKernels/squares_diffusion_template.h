// The diffusion of squares_diffusion_kernel.h: ESC_WIDTH replicas abreast, group after group.
#include "vector_math.h"

#define ESC_GROUPS (ESC_LANES / ESC_WIDTH)
#define AT(array, k) ((array) + (k) * ESC_LANES)
#define GET(array, k) FN(load)(AT(array, k))
#define PUT(array, k, x) FN(store)(AT(array, k), x)

// Σ_k a_k b_k, k rising, the numbers `sa` and `sb` apart.
ESC_INLINE VD FN(dot)(
    const double *a, uint64_t sa, const double *b, uint64_t sb, uint64_t count) {
  VD sum = 0;
#pragma clang loop unroll(disable)
  for (uint64_t k = 0; k < count; k++) sum += GET(a, k * sa) * GET(b, k * sb);
  return sum;
}

// out_ij = Σ_k a_ki b_kj for a block of rows and columns, two by two: each number read serves two
// products. Rows of a and b are `n` apart, k from 0 to `inner`.
ESC_INLINE void FN(product)(
    const double *a, const double *b, double *out, uint64_t rows, uint64_t columns,
    uint64_t inner, uint64_t n) {
  uint64_t i = 0;
  for (; i + 2 <= rows; i += 2) {
    uint64_t j = 0;
    for (; j + 2 <= columns; j += 2) {
      VD s00 = 0, s01 = 0, s10 = 0, s11 = 0;
#pragma clang loop unroll(disable)
      for (uint64_t k = 0; k < inner; k++) {
        VD x0 = GET(a, k * n + i), x1 = GET(a, k * n + i + 1);
        VD y0 = GET(b, k * n + j), y1 = GET(b, k * n + j + 1);
        s00 += x0 * y0, s01 += x0 * y1, s10 += x1 * y0, s11 += x1 * y1;
      }
      PUT(out, i * n + j, s00), PUT(out, i * n + j + 1, s01);
      PUT(out, (i + 1) * n + j, s10), PUT(out, (i + 1) * n + j + 1, s11);
    }
    for (; j < columns; j++) {
      PUT(out, i * n + j, FN(dot)(AT(a, i), n, AT(b, j), n, inner));
      PUT(out, (i + 1) * n + j, FN(dot)(AT(a, i + 1), n, AT(b, j), n, inner));
    }
  }
  for (; i < rows; i++)
    for (uint64_t j = 0; j < columns; j++)
      PUT(out, i * n + j, FN(dot)(AT(a, i), n, AT(b, j), n, inner));
}

// 1. L by columns, and S.
static void FN(factor_gram)(const EscDiffusionWork *w) {
  const uint64_t p = w->p, n = w->n;
  for (uint64_t c = 0; c < n; c++) PUT(w->field, c * n, (VD)(c == 0 ? 1.0 : 0.0));
  for (uint64_t j = 0; j < p; j++) {
    const double *row = AT(w->state, ROW(j));
    const VD m = GET(row, 0);
    PUT(w->field, j + 1, m);
    for (uint64_t l = 0; l <= j; l++) {
      VD s = GET(row, l + 1) - m * GET(w->field, l + 1);
#pragma clang loop unroll(disable)
      for (uint64_t i = 1; i <= l; i++)
        s -= GET(w->field, i * n + j + 1) * GET(w->field, i * n + l + 1);
      if (l == j) {
        VD root = FN(inverse_root)(s);
        PUT(w->inverse, j, s > 1e-14 ? root : (VD)(0));
      }
      PUT(w->field, (l + 1) * n + j + 1, s * GET(w->inverse, l));
    }
    for (uint64_t l = j + 1; l < p; l++) PUT(w->field, (l + 1) * n + j + 1, (VD)(0));
  }
  const double width = (double)p;
  for (uint64_t x = 0; x < n; x++)
    for (uint64_t y = 0; y <= x; y++) {
      VD s = (VD)(x == 0 ? 1.0 : 0.0);
      for (uint64_t i = x > 0 ? x : 1; i < n; i++)
        s -= ((w->a[i - 1] / width) * GET(w->field, x * n + i)) * GET(w->field, y * n + i);
      PUT(w->form, TRIANGLE(x, y), s);
    }
}

ESC_INLINE void FN(rotate_pair)(double *x, double *y, VD c, VD s) {
  VD u = FN(load)(x), v = FN(load)(y);
  FN(store)(x, c * u - s * v);
  FN(store)(y, s * u + c * v);
}

// 2. Rotations until all lanes are diagonal; a lane that is so stays as it is, whatever the others
// need.
static void FN(diagonalise)(const EscDiffusionWork *w) {
  const uint64_t n = w->n;
  double *const form = w->form;
  for (int sweep = 0; sweep < 12; sweep++) {
    VD off = 0, all = 0;
    for (uint64_t x = 0; x < n; x++) {
      for (uint64_t y = 0; y < x; y++) off += GET(form, TRIANGLE(x, y)) * GET(form, TRIANGLE(x, y));
      all += GET(form, TRIANGLE(x, x)) * GET(form, TRIANGLE(x, x));
    }
    const VI active = off > 1e-20 * (off + all);
    if (FN(all)(~active)) return;
    for (uint64_t x = 0; x + 1 < n; x++)
      for (uint64_t y = x + 1; y < n; y++) {
        VD o = GET(form, TRIANGLE(y, x)), xx = GET(form, TRIANGLE(x, x));
        VD yy = GET(form, TRIANGLE(y, y)), d = yy - xx, twice = o + o;
        // cos 2φ = |d|/√(d² + 4o²), cos² φ = ½ + ½ cos 2φ.
        VD square = d * d + twice * twice, r = FN(inverse_root)(square);
        VD c2 = 0.5 + 0.5 * (FN(abs)(d) * r), inverse = FN(inverse_root)(c2);
        VD c = c2 * inverse, s = (o * r) * inverse;
        const VI turns = active & (square > 1e-290);
        s = d < 0.0 ? -s : s;
        c = turns ? c : (VD)(1);
        s = turns ? s : (VD)(0);
        VD t = turns ? s * inverse : (VD)(0);
        PUT(form, TRIANGLE(x, x), xx - t * o);
        PUT(form, TRIANGLE(y, y), yy + t * o);
        PUT(form, TRIANGLE(y, x), turns ? (VD)(0) : o);
        uint64_t k = 0;
#pragma clang loop unroll(disable)
        for (; k < x; k++) FN(rotate_pair)(AT(form, TRIANGLE(x, k)), AT(form, TRIANGLE(y, k)), c, s);
#pragma clang loop unroll(disable)
        for (k = x + 1; k < y; k++)
          FN(rotate_pair)(AT(form, TRIANGLE(k, x)), AT(form, TRIANGLE(y, k)), c, s);
#pragma clang loop unroll(disable)
        for (k = y + 1; k < n; k++)
          FN(rotate_pair)(AT(form, TRIANGLE(k, x)), AT(form, TRIANGLE(k, y)), c, s);
        double *const u = AT(w->field, x * n), *const v = AT(w->field, y * n);
#pragma clang loop unroll(disable)
        for (k = 0; k < n; k++) FN(rotate_pair)(AT(u, k), AT(v, k), c, s);
      }
  }
}

// 3. β and its powers, D_1 … D_4 from the sums of βᵐ.
static void FN(expand)(const EscDiffusionWork *w) {
  VD t1 = 0, t2 = 0, t3 = 0, t4 = 0;
  for (uint64_t x = 0; x < w->n; x++) {
    VD b = 2.0 * GET(w->form, TRIANGLE(x, x)), b2 = b * b;
    PUT(w->beta[0], x, b), PUT(w->beta[1], x, b2);
    PUT(w->beta[2], x, b2 * b), PUT(w->beta[3], x, b2 * b2);
    t1 += b, t2 += b2, t3 += b2 * b, t4 += b2 * b2;
  }
  // The exponent's coefficients.
  VD c1 = 0.5 * t1, c2 = 0.25 * t2 + 0.5 * w->label_noise, c3 = t3 / 6.0, c4 = 0.125 * t4;
  VD d2 = 0.5 * (c1 * c1) + c2, d3 = (c1 * d2 + 2.0 * (c2 * c1) + 3.0 * c3) / 3.0;
  VD d4 = 0.25 * (c1 * d3 + 2.0 * (c2 * d2) + 3.0 * (c3 * c1) + 4.0 * c4);
  PUT(w->series, 0, c1), PUT(w->series, 1, d2), PUT(w->series, 2, d3), PUT(w->series, 3, d4);
}

typedef struct {
  VD uu, uv, vv;
} FN(Cover);

// K_xy.
ESC_INLINE FN(Cover) FN(cover)(const EscDiffusionWork *w, uint64_t i, uint64_t j) {
  const VD d1 = GET(w->series, 0), d2 = GET(w->series, 1), d3 = GET(w->series, 2);
  const VD x = GET(w->beta[0], i);
  VD h1 = x + GET(w->beta[0], j), h2 = x * h1 + GET(w->beta[1], j);
  VD h3 = x * h2 + GET(w->beta[2], j), h4 = x * h3 + GET(w->beta[3], j);
  FN(Cover) k;
  k.uu = 2.0 * (d2 + d1 * h1 + h2);
  k.uv = 6.0 * (d3 + d2 * h1 + d1 * h2 + h3);
  k.vv = 24.0 * (GET(w->series, 3) + d3 * h1 + d2 * h2 + d1 * h3 + h4);
  return k;
}

// 4. U and V; `generator`, `w0` and `w1` are the lanes' generators and the words they have given.
static void FN(draw)(const EscDiffusionWork *w, FN(Generator) *generator, VU *w0, VU *w1) {
  const uint64_t n = w->n;
  VD g, h, unused;
  for (uint64_t x = 1; x < n; x++)
    for (uint64_t y = 0; y < x; y++) {
      ESC_FENCE;
      FN(pair_and_words)(generator, w0, w1, &g, &h, &unused);
      FN(Cover) k = FN(cover)(w, x, y);
      VD r = FN(inverse_root)(k.uu);
      r = k.uu > 1e-290 ? r : (VD)(0);
      VD cross = k.uv * r, rest = k.vv - cross * cross, q = FN(inverse_root)(rest);
      q = rest > 1e-290 ? rest * q : (VD)(0);
      VD u = (k.uu * r) * g, v = cross * g + q * h;
      PUT(w->linear, x * n + y, u), PUT(w->linear, y * n + x, u);
      PUT(w->quadratic, x * n + y, v), PUT(w->quadratic, y * n + x, v);
    }
  for (uint64_t x = 0; x < n; x++) {
    ESC_FENCE;
    FN(pair_and_words)(generator, w0, w1, &g, &h, &unused);
    PUT(w->normal, 2 * x, g), PUT(w->normal, 2 * x + 1, h);
    const VD d1 = GET(w->series, 0), b = GET(w->beta[0], x);
    PUT(w->mean, 2 * x, d1 + b);
    PUT(w->mean, 2 * x + 1, 2.0 * (GET(w->series, 1) + d1 * b + GET(w->beta[1], x)));
  }
  for (uint64_t x = 0; x < n; x++)
    for (uint64_t y = 0; y <= x; y++) {
      FN(Cover) k = FN(cover)(w, x, y);
      const double times = x == y ? 3.0 : 1.0;
      const VD mx = GET(w->mean, 2 * x), my = GET(w->mean, 2 * y);
      const VD nx = GET(w->mean, 2 * x + 1), ny = GET(w->mean, 2 * y + 1);
      PUT(w->cover, TRIANGLE(2 * x, 2 * y), times * k.uu - mx * my);
      if (y < x) PUT(w->cover, TRIANGLE(2 * x, 2 * y + 1), times * k.uv - mx * ny);
      PUT(w->cover, TRIANGLE(2 * x + 1, 2 * y), times * k.uv - nx * my);
      PUT(w->cover, TRIANGLE(2 * x + 1, 2 * y + 1), times * k.vv - nx * ny);
    }
  for (uint64_t i = 0; i < 2 * n; i++) {
    double *const row = AT(w->cover, TRIANGLE(i, 0));
    VD value = 0;
    for (uint64_t j = 0; j < i; j++) {
      const double *const other = AT(w->cover, TRIANGLE(j, 0));
      VD s = GET(row, j);
#pragma clang loop unroll(disable)
      for (uint64_t l = 0; l < j; l++) s -= GET(row, l) * GET(other, l);
      s = s * GET(w->inverse, j);
      PUT(row, j, s);
      value += s * GET(w->normal, j);
    }
    VD whole = GET(row, i), s = whole;
#pragma clang loop unroll(disable)
    for (uint64_t l = 0; l < i; l++) s -= GET(row, l) * GET(row, l);
    VD r = FN(inverse_root)(s);
    r = ((s > 1e-13 * whole) & (s > 1e-290)) ? r : (VD)(0);
    PUT(w->inverse, i, r);
    value += (s * r) * GET(w->normal, i);
    PUT(i % 2 ? w->quadratic : w->linear, (i / 2) * (n + 1), value);
  }
}

// 5. The increments of the overlaps, without their scale.
static void FN(transform)(const EscDiffusionWork *w) {
  const uint64_t p = w->p, n = w->n;
  const double *a = w->a;
  FN(product)(AT(w->field, 1), w->linear, w->first, p, n, n, n);
  FN(product)(AT(w->field, 1), w->quadratic, w->second, p, n, n, n);
  // `mean` and `normal` have served: the increment of Q_jj before it is normalised away.
  double *const own = w->mean;
  for (uint64_t j = 0; j < p; j++) {
    const double *const x = AT(w->first, j * n), *const y = AT(w->second, j * n);
    double *const row = AT(w->moved, ROW(j));
    PUT(row, 0, (2.0 * a[j]) * FN(dot)(x, 1, w->field, n, n));
    for (uint64_t l = 0; l <= j; l++) {
      VD u = FN(dot)(x, 1, AT(w->field, l + 1), n, n), v = FN(dot)(y, 1, AT(w->field, l + 1), n, n);
      VD raw = (2.0 * (a[j] + a[l])) * u + ((4.0 * w->unit_rate) * a[j] * a[l]) * v;
      if (l < j) PUT(row, l + 1, raw);
      else PUT(own, j, raw);
    }
  }
  for (uint64_t j = 0; j < p; j++) {
    const double *const old = AT(w->state, ROW(j));
    double *const row = AT(w->moved, ROW(j));
    const VD mine = GET(own, j);
    PUT(row, 0, GET(row, 0) - 0.5 * (GET(old, 0) * mine));
    for (uint64_t l = 0; l < j; l++)
      PUT(row, l + 1, GET(row, l + 1) - 0.5 * (GET(old, l + 1) * (mine + GET(own, l))));
    PUT(row, j + 1, (VD)(0));
  }
}

// The drift at overlaps whose S_1, S_2 stand in `power`.
static void FN(pull)(const EscDiffusionWork *w, const double *overlaps, VD d1, VD d2) {
  const uint64_t p = w->p;
  const double *a = w->a;
  double *const own = w->mean;
  for (uint64_t j = 0; j < p; j++) {
    const uint64_t row = ROW(j);
    for (uint64_t l = 0; l <= j + 1; l++) {
      const VD x = GET(overlaps, row + l), s1 = GET(w->power[0], row + l);
      const VD s2 = GET(w->power[1], row + l);
      VD e1 = s1 + d1 * x, e2 = 2.0 * (s2 + d1 * s1 + d2 * x);
      VD growth = l == 0 ? (2.0 * a[j]) * e1
                         : (2.0 * (a[j] + a[l - 1])) * e1
                               + ((4.0 * w->unit_rate) * a[j] * a[l - 1]) * e2;
      if (l == j + 1) PUT(own, j, growth);
      else PUT(w->drift, row + l, growth);
    }
    PUT(w->drift, row + j + 1, (VD)(0));
  }
  for (uint64_t j = 0; j < p; j++) {
    const uint64_t row = ROW(j);
    const VD mine = GET(own, j);
    PUT(w->drift, row, GET(w->drift, row) - 0.5 * (mine * GET(overlaps, row)));
    for (uint64_t l = 0; l < j; l++) {
      VD sum = mine + GET(own, l);
      PUT(w->drift, row + l + 1, GET(w->drift, row + l + 1) - 0.5 * (sum * GET(overlaps, row + l + 1)));
    }
  }
}

// S_m of all overlaps from L and β.
static void FN(raise_powers)(const EscDiffusionWork *w, int most) {
  const uint64_t n = w->n;
  for (uint64_t j = 0; j < w->p; j++)
    for (uint64_t l = 0; l <= j + 1; l++) {
      VD s1 = 0, s2 = 0, s3 = 0, s4 = 0;
      if (most == 4) {
#pragma clang loop unroll(disable)
        for (uint64_t x = 0; x < n; x++) {
          VD t = GET(w->field, x * n + j + 1) * GET(w->field, x * n + l);
          s1 += t * GET(w->beta[0], x), s2 += t * GET(w->beta[1], x);
          s3 += t * GET(w->beta[2], x), s4 += t * GET(w->beta[3], x);
        }
        PUT(w->power[2], ROW(j) + l, s3), PUT(w->power[3], ROW(j) + l, s4);
      } else {
#pragma clang loop unroll(disable)
        for (uint64_t x = 0; x < n; x++) {
          VD t = GET(w->field, x * n + j + 1) * GET(w->field, x * n + l);
          s1 += t * GET(w->beta[0], x), s2 += t * GET(w->beta[1], x);
        }
      }
      PUT(w->power[0], ROW(j) + l, s1), PUT(w->power[1], ROW(j) + l, s2);
    }
}

typedef struct {
  VD c[5];
} FN(Series);

// S of one overlap, and D S.
ESC_INLINE FN(Series) FN(plain)(const EscDiffusionWork *w, uint64_t at) {
  FN(Series) s;
  s.c[0] = GET(w->state, at);
  for (int m = 0; m < 4; m++) s.c[m + 1] = GET(w->power[m], at);
  return s;
}
ESC_INLINE FN(Series) FN(weighted)(const EscDiffusionWork *w, FN(Series) s) {
  FN(Series) out;
  for (int m = 0; m < 5; m++) {
    out.c[m] = s.c[m];
    for (int b = 1; b <= m; b++) out.c[m] += GET(w->series, b - 1) * s.c[m - b];
  }
  return out;
}
// [θⁿ] of a product.
ESC_INLINE VD FN(coefficient)(const FN(Series) *x, const FN(Series) *y, int order) {
  VD sum = x->c[0] * y->c[order];
  for (int m = 1; m <= order; m++) sum += x->c[m] * y->c[order - m];
  return sum;
}

// E[ℰ² λ_jλ_l (|g|² − n)].
ESC_INLINE VD FN(with_norm)(const EscDiffusionWork *w, const FN(Series) *s) {
  const VD d1 = GET(w->series, 0), d2 = GET(w->series, 1);
  // t₁ = 2 tr AΩ and t₂ = 4 tr(AΩAΩ), from D.
  VD t1 = 2.0 * d1, t2 = 4.0 * ((d2 - 0.5 * (d1 * d1)) - 0.5 * w->label_noise);
  VD sum = 2.0 * (d2 * s->c[0] + 2.0 * (d1 * s->c[1]) + 3.0 * s->c[2]);
  sum += t1 * (s->c[1] + d1 * s->c[0]);
  sum += t2 * s->c[0];
  return 2.0 * sum;
}

// 6. The finite-size drift, from S_0 … S_4.
static void FN(pull_finite)(const EscDiffusionWork *w, double dimension) {
  const uint64_t p = w->p;
  const double *a = w->a, c = w->unit_rate, scale = 1.0 / (c * dimension);
  double *const square = w->mean, *const radial = w->normal;
  for (uint64_t j = 0; j < p; j++) {
    const double aj = a[j], c2 = c * c * aj * aj;
    FN(Series) own = FN(plain)(w, ROW(j) + j + 1), x = FN(weighted)(w, own);
    FN(Series) m = FN(plain)(w, ROW(j));
    VD e2 = 6.0 * FN(coefficient)(&x, &own, 2), e3 = 18.0 * FN(coefficient)(&x, &own, 3);
    VD e4 = 72.0 * FN(coefficient)(&x, &own, 4);
    VD q = (16.0 * c2) * (e2 + (2.0 * c * aj) * e3 + c2 * e4);
    VD r = (4.0 * c2) * FN(with_norm)(w, &own);
    PUT(square, j, q), PUT(radial, j, r);
    e2 = 6.0 * FN(coefficient)(&x, &m, 2), e3 = 18.0 * FN(coefficient)(&x, &m, 3);
    VD cross = (8.0 * c2) * (e2 + (c * aj) * e3);
    PUT(w->finite, ROW(j), scale * (m.c[0] * (0.375 * q - 0.5 * r) - 0.5 * cross));
    PUT(w->finite, ROW(j) + j + 1, (VD)(0));
  }
  for (uint64_t j = 0; j < p; j++) {
    const double aj = a[j];
    FN(Series) own = FN(plain)(w, ROW(j) + j + 1), x = FN(weighted)(w, own);
    for (uint64_t l = 0; l < j; l++) {
      const double al = a[l], both = aj * al, sum = aj + al, c2 = c * c;
      FN(Series) other = FN(plain)(w, ROW(l) + l + 1), y = FN(weighted)(w, other);
      FN(Series) s = FN(plain)(w, ROW(j) + l + 1), z = FN(weighted)(w, s);
      VD e2 = 2.0 * (FN(coefficient)(&x, &other, 2) + 2.0 * FN(coefficient)(&z, &s, 2));
      VD e3 = 6.0 * (FN(coefficient)(&x, &other, 3) + 2.0 * FN(coefficient)(&z, &s, 3));
      VD e4 = 24.0 * (FN(coefficient)(&x, &other, 4) + 2.0 * FN(coefficient)(&z, &s, 4));
      VD mutual = (16.0 * c2 * both) * (e2 + (c * sum) * e3 + (c2 * both) * e4);
      VD grown = 0.375 * (GET(square, j) + GET(square, l)) + 0.25 * mutual;
      // E[b_jl q_j] + E[b_jl q_l]: the series of j and of l have weights of their own.
      FN(Series) two, three, four;
      for (int m = 0; m < 5; m++) {
        two.c[m] = (48.0 * sum * aj) * x.c[m] + (48.0 * sum * al) * y.c[m];
        three.c[m] = (144.0 * c * aj * (sum * aj + 2.0 * both)) * x.c[m]
                     + (144.0 * c * al * (sum * al + 2.0 * both)) * y.c[m];
        four.c[m] = (1152.0 * c2 * both * aj * aj) * x.c[m] + (1152.0 * c2 * both * al * al) * y.c[m];
      }
      VD cross = FN(coefficient)(&two, &s, 2) + FN(coefficient)(&three, &s, 3)
                 + FN(coefficient)(&four, &s, 4);
      VD term = s.c[0] * (grown - 0.5 * (GET(radial, j) + GET(radial, l)));
      term += (4.0 * c2 * both) * FN(with_norm)(w, &s);
      PUT(w->finite, ROW(j) + l + 1, scale * (term - (0.5 * c2) * cross));
    }
  }
}

ESC_INLINE VD FN(held)(VD x) {
  x = x > 1.0 ? (VD)(1) : x;
  return x < -1.0 ? (VD)(-1) : x;
}

// S_1 and S_2 at the predicted overlaps, from products of Ω; returns D_1 and D_2.
ESC_INLINE void FN(predict)(const EscDiffusionWork *w, VD *d1, VD *d2) {
  const uint64_t p = w->p, n = w->n;
  const double width = (double)p;
  // Ω and AΩ stand where U and V were.
  PUT(w->linear, 0, (VD)(1));
  for (uint64_t j = 0; j < p; j++)
    for (uint64_t l = 0; l <= j + 1; l++) {
      VD x = GET(w->predicted, ROW(j) + l);
      PUT(w->linear, (j + 1) * n + l, x), PUT(w->linear, l * n + j + 1, x);
    }
  for (uint64_t i = 0; i < n; i++) {
    const double weight = i == 0 ? 2.0 : -2.0 * (w->a[i - 1] / width);
    for (uint64_t l = 0; l < n; l++) PUT(w->quadratic, i * n + l, weight * GET(w->linear, i * n + l));
  }
  // Ω is symmetric, and so is 2ΩAΩ.
  FN(product)(w->linear, w->quadratic, w->first, n, n, n, n);
  VD trace = GET(w->first, 0), constant = 1;
  for (uint64_t j = 0; j < p; j++) {
    trace -= (w->a[j] / width) * GET(w->first, (j + 1) * (n + 1));
    constant -= w->a[j] / width;
  }
  for (uint64_t j = 0; j < p; j++)
    for (uint64_t l = 0; l <= j + 1; l++) {
      PUT(w->power[0], ROW(j) + l, GET(w->first, (j + 1) * n + l));
      PUT(w->power[1], ROW(j) + l, FN(dot)(AT(w->first, (j + 1) * n), 1, AT(w->quadratic, l), n, n));
    }
  *d1 = constant;
  *d2 = 0.5 * (constant * constant) + (0.5 * trace + 0.5 * w->label_noise);
}

// 7. ∇Rᵀ C ∇R with the gradient that stands in `slope`.
ESC_INLINE VD FN(variance_along)(const EscDiffusionWork *w) {
  const uint64_t p = w->p, n = w->n;
  const double *a = w->a;
  double *const own = w->inverse, *const u = w->moved, *const v = w->predicted;
  for (uint64_t j = 0; j < p; j++) PUT(own, j, GET(w->slope, ROW(j)) * GET(w->state, ROW(j)));
  for (uint64_t j = 0; j < p; j++)
    for (uint64_t l = 0; l < j; l++) {
      VD x = GET(w->slope, ROW(j) + l + 1) * GET(w->state, ROW(j) + l + 1);
      PUT(own, j, GET(own, j) + x), PUT(own, l, GET(own, l) + x);
    }
  for (uint64_t j = 0; j < p; j++) {
    PUT(u, ROW(j), (2.0 * a[j]) * GET(w->slope, ROW(j)));
    for (uint64_t l = 0; l <= j; l++) {
      VD x = l < j ? GET(w->slope, ROW(j) + l + 1) : -0.5 * GET(own, j);
      PUT(u, ROW(j) + l + 1, (2.0 * (a[j] + a[l])) * x);
      PUT(v, ROW(j) + l + 1, ((4.0 * w->unit_rate) * a[j] * a[l]) * x);
    }
  }
  for (uint64_t j = 0; j < p; j++)
    for (uint64_t x = 0; x < n; x++) {
      const double *const f = AT(w->field, x * n);
      PUT(w->first, j * n + x, FN(dot)(AT(u, ROW(j)), 1, f, 1, j + 2));
      PUT(w->second, j * n + x, FN(dot)(AT(v, ROW(j) + 1), 1, AT(f, 1), 1, j + 1));
    }
  // Rows of L are wanted one after the other here: column j of `field` is gathered by the stride.
  for (uint64_t x = 0; x < n; x++) {
    const double *const f = AT(w->field, x * n + 1);
    for (uint64_t y = 0; y < n; y += 2) {
      const uint64_t z = y + 1 < n ? y + 1 : y;
      VD s0 = 0, s1 = 0, t0 = 0, t1 = 0;
#pragma clang loop unroll(disable)
      for (uint64_t j = 0; j < p; j++) {
        VD l = GET(f, j);
        s0 += l * GET(w->first, j * n + y), s1 += l * GET(w->first, j * n + z);
        t0 += l * GET(w->second, j * n + y), t1 += l * GET(w->second, j * n + z);
      }
      PUT(w->linear, x * n + y, s0), PUT(w->linear, x * n + z, s1);
      PUT(w->quadratic, x * n + y, t0), PUT(w->quadratic, x * n + z, t1);
    }
  }
  VD variance = 0, mean = 0;
  for (uint64_t x = 0; x < n; x++) {
    const VD gx = GET(w->linear, x * (n + 1)), hx = GET(w->quadratic, x * (n + 1));
    for (uint64_t y = 0; y <= x; y++) {
      FN(Cover) k = FN(cover)(w, x, y);
      const VD gy = GET(w->linear, y * (n + 1)), hy = GET(w->quadratic, y * (n + 1));
      VD diagonal = k.uu * (gx * gy) + k.uv * (gx * hy + hx * gy) + k.vv * (hx * hy);
      if (x == y) {
        variance += 3.0 * diagonal;
      } else {
        VD s = GET(w->linear, x * n + y) + GET(w->linear, y * n + x);
        VD t = GET(w->quadratic, x * n + y) + GET(w->quadratic, y * n + x);
        variance += 2.0 * diagonal + (k.uu * (s * s) + 2.0 * (k.uv * (s * t)) + k.vv * (t * t));
      }
    }
    const VD d1 = GET(w->series, 0), b = GET(w->beta[0], x);
    mean += (d1 + b) * gx + (2.0 * (GET(w->series, 1) + d1 * b + GET(w->beta[1], x))) * hx;
  }
  variance -= mean * mean;
  return variance > 0.0 ? variance : (VD)(0);
}

// One step of a group; returns the spread of the risk.
ESC_INLINE VD FN(diffusion_step)(
    const EscSquaresDiffusion *diffusion, const EscDiffusionWork *w, FN(Generator) *generator,
    VU *w0, VU *w1) {
  const uint64_t p = w->p, count = overlap_count(p);
  const double h = diffusion->step, variance = w->unit_rate * h / diffusion->dimension;
  const double amplitude = sqrt(variance), width = (double)p;
  FN(factor_gram)(w);
  FN(diagonalise)(w);
  FN(expand)(w);
  FN(draw)(w, generator, w0, w1);
  FN(transform)(w);
  FN(raise_powers)(w, diffusion->finite_size ? 4 : 2);
  FN(pull)(w, w->state, GET(w->series, 0), GET(w->series, 1));
  if (diffusion->finite_size) FN(pull_finite)(w, diffusion->dimension);
  const int scheme = diffusion->scheme;
  for (uint64_t i = 0; i < count; i++) {
    VD old = GET(w->state, i), pull = GET(w->drift, i);
    VD x = old + amplitude * GET(w->moved, i);
    if (diffusion->finite_size) x += h * GET(w->finite, i);
    PUT(w->moved, i, x);
    VD next = scheme == ESC_SCHEME_DRIFT_RUNGE_KUTTA ? old + (0.5 * h) * pull : x + h * pull;
    PUT(w->predicted, i, FN(held)(next));
    // The finite-size drift has gone into `moved`; the sum of drifts takes its place.
    PUT(w->finite, i, pull);
  }
  // Stages after the first: their weight in the sum, and how far the next prediction goes.
  static const double weight[2][3] = {{1.0, 0, 0}, {2.0, 2.0, 1.0}}, reach[3] = {0.5, 1.0, 0};
  const int stages = scheme == ESC_SCHEME_DRIFT_RUNGE_KUTTA ? 3 : scheme == ESC_SCHEME_DRIFT_HEUN;
  for (int stage = 0; stage < stages; stage++) {
    VD d1, d2;
    FN(predict)(w, &d1, &d2);
    FN(pull)(w, w->predicted, d1, d2);
    for (uint64_t i = 0; i < count; i++) {
      VD x = GET(w->moved, i), pull = GET(w->drift, i);
      VD sum = GET(w->finite, i) + weight[stages == 3][stage] * pull;
      PUT(w->finite, i, sum);
      VD next = stage + 1 < stages ? x + (h * reach[stage]) * pull
                                   : x + (h / (stages == 3 ? 6.0 : 2.0)) * sum;
      PUT(w->predicted, i, FN(held)(next));
    }
  }
  // R is quadratic, so that its gradient midway turns the step into its ΔR exactly.
  for (uint64_t j = 0; j < p; j++)
    for (uint64_t l = 0; l <= j; l++) {
      const uint64_t at = ROW(j) + l;
      const double weight = -2.0 * (w->a[j] / width) * (l == 0 ? 1.0 : -(w->a[l - 1] / width));
      PUT(w->slope, at, weight * (GET(w->state, at) + GET(w->predicted, at)));
    }
  // The old overlaps are wanted for the normalisation, the new ones after it.
  for (uint64_t i = 0; i < count; i++) PUT(w->finite, i, GET(w->predicted, i));
  VD spread = variance * FN(variance_along)(w);
  for (uint64_t i = 0; i < count; i++) PUT(w->state, i, GET(w->finite, i));
  return spread;
}

static uint64_t FN(squares_diffusion_run)(
    const EscSquaresDiffusion *diffusion, EscSquaresDiffusionLanes *lanes, uint64_t steps) {
  const uint64_t p = diffusion->width;
  const double width = (double)p, *a = diffusion->weights;
  const double reach = diffusion->bridge ? ESC_BRIDGE_REACH : -1e300;
  FN(Generator) generator[ESC_GROUPS];
  VU w0[ESC_GROUPS], w1[ESC_GROUPS];
  const double constant = esc_risk_constant(a, p);
  for (int group = 0; group < ESC_GROUPS; group++) {
    generator[group] = FN(generator)(&lanes->generators, group * ESC_WIDTH);
    FN(words)(&generator[group], &w0[group], &w1[group]);
  }
  uint64_t n = 0;
  int going = 1;
  while (going && n < steps) {
#pragma clang loop unroll(disable)
    for (int group = 0; group < ESC_GROUPS; group++) {
      const int lane = group * ESC_WIDTH;
      const EscDiffusionWork work = divide(diffusion, lanes, lane);
      VD spread = FN(diffusion_step)(diffusion, &work, &generator[group], &w0[group], &w1[group]);
      VD before = FN(load)(lanes->risk + lane), risk = (VD)(0) + constant;
      for (uint64_t j = 0; j < p; j++) {
        const double *const row = AT(work.state, ROW(j));
        const VD m = GET(row, 0);
        VD squares = 0;
        for (uint64_t l = 0; l < j; l++) {
          VD q = GET(row, l + 1);
          squares += (a[l] / width) * (q * q);
        }
        risk += ESC_RISK_TERM(a[j] / width, m, squares);
      }
      FN(store)(lanes->previous + lane, before);
      FN(store)(lanes->risk + lane, risk);
      FN(store)(lanes->spread + lane, spread);
      VD line = FN(load)(lanes->target + lane) - diffusion->shift * FN(root)(spread);
      VD above = before - line, e = (above + above) * (risk - line);
      VI calm = (risk > line) & (e >= reach * spread);
      going &= FN(all)(calm);
    }
    n++;
  }
  for (int group = 0; group < ESC_GROUPS; group++)
    FN(rewind)(&generator[group], 2, &lanes->generators, group * ESC_WIDTH);
  for (int i = 0; i < ESC_LANES; i++) lanes->step[i] += n;
  return n;
}
#undef AT
#undef GET
#undef PUT
#undef ESC_GROUPS
