#include <gsl/gsl_randist.h>
#include <math.h>

#include "yardstick.h"

// σ and its slope.
static double activate(const YardNetwork *n, double x, double *slope) {
  switch (n->activation) {
    case YARD_SQUARE: *slope = 2 * x; return x * x;
    case YARD_RELU: *slope = x > 0; return x > 0 ? x : 0;
    case YARD_ERF: *slope = sqrt(2 / M_PI) * exp(-0.5 * x * x); return erf(x * M_SQRT1_2);
    default: {
      double t = tanh(x);
      *slope = 1 - t * t;
      return t;
    }
  }
}

static double label(const YardNetwork *n, const double *g) {
  // tanh learns He_3 of one unit.
  if (n->activation == YARD_TANH) return g[0] * (g[0] * g[0] - 3);
  double sum = 0, unused;
  for (uint64_t r = 0; r < n->k; r++) sum += activate(n, g[r], &unused);
  return sum / (double)n->k;
}

// E[σ(u)σ(v)] at unit norms.
static double pair(const YardNetwork *n, double q) {
  switch (n->activation) {
    case YARD_SQUARE: return 1 + 2 * q * q;
    case YARD_RELU:
      return (sqrt(fmax(1 - q * q, 0)) + q * (M_PI - acos(fmin(fmax(q, -1), 1)))) / (2 * M_PI);
    case YARD_ERF: return 2 / M_PI * asin(0.5 * q);
    default: return n->own;
  }
}

static double risk(const YardNetwork *n, const double *c, const double *q) {
  double cross = 0, pairs = 0, width = (double)n->p;
  for (uint64_t j = 0; j < n->p; j++) {
    const double *m = c + j * n->k;
    if (n->activation == YARD_TANH) {
      cross += n->a[j] * n->cubic * m[0] * m[0] * m[0];
    } else {
      double sum = 0;
      for (uint64_t r = 0; r < n->k; r++) sum += pair(n, m[r]);
      cross += n->a[j] * sum / (double)n->k;
    }
    for (uint64_t l = 0; l <= j; l++)
      pairs += (l < j ? 2 : 1) * n->a[j] * n->a[l] * pair(n, l < j ? q[j * n->p + l] : 1);
  }
  return 0.5 * (n->constant - 2 * cross / width + pairs / (width * width));
}

// The updates h_j = u_j/d at fields; returns nothing else.
static void push(const YardNetwork *n, const double *field, double y, double *h) {
  double output = 0, slope[n->p];
  for (uint64_t j = 0; j < n->p; j++) output += n->a[j] * activate(n, field[j], &slope[j]);
  double error = y - output / (double)n->p;
  for (uint64_t j = 0; j < n->p; j++)
    h[j] = n->rate / (double)n->p * n->a[j] * error * slope[j] / (double)n->d;
}

static void move_gram(
    const YardNetwork *n, const double *field, const double *h, const double *s, double norm,
    double *q) {
  for (uint64_t j = 0; j < n->p; j++)
    for (uint64_t l = 0; l <= j; l++) {
      double x = q[j * n->p + l] + h[j] * field[l] + h[l] * field[j] + h[j] * h[l] * norm;
      q[j * n->p + l] = s[j] * s[l] * x;
    }
}

uint64_t yard_network_sgd(
    gsl_rng *rng, const YardNetwork *n, double *w, double *x, double *q, double target,
    uint64_t steps) {
  const uint64_t p = n->p, k = n->k, d = n->d;
  double root = sqrt((double)d), field[p], h[p], s[p], c[p * k];
  uint64_t taken = 0;
  while (taken < steps) {
    double norm = 0;
    for (uint64_t i = 0; i < d; i++) {
      x[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
      norm += x[i] * x[i];
    }
    for (uint64_t j = 0; j < p; j++) {
      double dot = 0;
      for (uint64_t i = 0; i < d; i++) dot += w[j * d + i] * x[i];
      field[j] = dot / root;
    }
    push(n, field, label(n, x) + n->noise * gsl_ran_gaussian_ziggurat(rng, 1.0), h);
    for (uint64_t j = 0; j < p; j++) {
      s[j] = 1 / sqrt(1 + h[j] * (2 * field[j] + h[j] * norm));
      for (uint64_t i = 0; i < d; i++) w[j * d + i] = s[j] * (w[j * d + i] + h[j] * root * x[i]);
      for (uint64_t r = 0; r < k; r++) c[j * k + r] = w[j * d + r] / root;
    }
    move_gram(n, field, h, s, norm, q);
    taken++;
    if (!(risk(n, c, q) > target)) break;
  }
  return taken;
}

uint64_t yard_any_chain(
    gsl_rng *rng, const YardNetwork *n, double *c, double *b, double *q, double target,
    uint64_t steps) {
  const uint64_t p = n->p, k = n->k;
  double gt[k], g[p], field[p], h[p], s[p], sum[p], w[p], tail[p + 1];
  uint64_t taken = 0;
  while (taken < steps) {
    double star = 0;
    for (uint64_t r = 0; r < k; r++) {
      gt[r] = gsl_ran_gaussian_ziggurat(rng, 1.0);
      star += gt[r] * gt[r];
    }
    double z = gsl_ran_gaussian_ziggurat(rng, 1.0);
    for (uint64_t i = 0; i < p; i++) g[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
    tail[p] = gsl_ran_chisq(rng, (double)(n->d - p - k));
    for (uint64_t i = p; i-- > 0;) tail[i] = tail[i + 1] + g[i] * g[i];
    double norm = star + tail[0], r = sqrt(tail[0]);
    for (uint64_t j = 0; j < p; j++) sum[j] = 0;
    for (uint64_t i = 0; i < p; i++)
      for (uint64_t j = i; j < p; j++) sum[j] += b[i * p + j] * g[i];
    for (uint64_t j = 0; j < p; j++) {
      field[j] = sum[j];
      for (uint64_t u = 0; u < k; u++) field[j] += c[j * k + u] * gt[u];
    }
    push(n, field, label(n, gt) + n->noise * z, h);
    for (uint64_t j = 0; j < p; j++) {
      s[j] = 1 / sqrt(1 + h[j] * (2 * field[j] + h[j] * norm));
      for (uint64_t u = 0; u < k; u++) c[j * k + u] = s[j] * (c[j * k + u] + h[j] * gt[u]);
      w[j] = h[j] * r + sum[j] / r;
    }
    for (uint64_t i = 0; i < p; i++) {
      double v = 1 / sqrt(tail[i] * tail[i + 1]), alpha = tail[i + 1] * v, beta = g[i] * v;
      double x = b[i * p + i] * alpha, y = w[i], length = sqrt(x * x + y * y), co = 1, si = 0;
      if (length > 0) co = x / length, si = y / length;
      b[i * p + i] = s[i] * length;
      for (uint64_t j = i + 1; j < p; j++) {
        sum[j] -= b[i * p + j] * g[i];
        double entry = b[i * p + j] * alpha - sum[j] * beta;
        b[i * p + j] = s[j] * (co * entry + si * w[j]);
        w[j] = co * w[j] - si * entry;
      }
    }
    move_gram(n, field, h, s, norm, q);
    taken++;
    if (!(risk(n, c, q) > target)) break;
  }
  return taken;
}
