#include <gsl/gsl_randist.h>
#include <math.h>

#include "yardstick.h"

uint64_t yard_network_chain(
    gsl_rng *rng, double *m, double *b, double *q, uint64_t p, uint64_t d, double rate,
    const double *a, double noise, double target, uint64_t steps, double *risk) {
  double inverse = 1.0 / (double)d, width = (double)p;
  double g[p], field[p], h[p], s[p], sum[p], w[p], tail[p + 1];
  uint64_t n = 0;
  while (n < steps) {
    double gt = gsl_ran_gaussian_ziggurat(rng, 1.0), z = gsl_ran_gaussian_ziggurat(rng, 1.0);
    for (uint64_t i = 0; i < p; i++) g[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
    tail[p] = gsl_ran_chisq(rng, (double)(d - p - 1));
    for (uint64_t i = p; i-- > 0;) tail[i] = tail[i + 1] + g[i] * g[i];
    double norm = gt * gt + tail[0], output = 0, r = sqrt(tail[0]);
    for (uint64_t j = 0; j < p; j++) sum[j] = 0;
    for (uint64_t i = 0; i < p; i++)
      for (uint64_t j = i; j < p; j++) sum[j] += b[i * p + j] * g[i];
    for (uint64_t j = 0; j < p; j++) {
      field[j] = m[j] * gt + sum[j];
      output += a[j] * field[j] * field[j];
    }
    double error = gt * gt - output / width + noise * z;
    for (uint64_t j = 0; j < p; j++) {
      h[j] = 2.0 * rate / width * a[j] * error * field[j] * inverse;
      s[j] = 1.0 / sqrt(1.0 + h[j] * (2.0 * field[j] + h[j] * norm));
      m[j] = s[j] * (m[j] + h[j] * gt);
      w[j] = h[j] * r + sum[j] / r;
    }
    for (uint64_t i = 0; i < p; i++) {
      double v = 1.0 / sqrt(tail[i] * tail[i + 1]), alpha = tail[i + 1] * v, beta = g[i] * v;
      double x = b[i * p + i] * alpha, y = w[i], root = sqrt(x * x + y * y), c = 1, sine = 0;
      if (root > 0) c = x / root, sine = y / root;
      b[i * p + i] = s[i] * root;
      for (uint64_t j = i + 1; j < p; j++) {
        sum[j] -= b[i * p + j] * g[i];
        double entry = b[i * p + j] * alpha - sum[j] * beta;
        b[i * p + j] = s[j] * (c * entry + sine * w[j]);
        w[j] = c * w[j] - sine * entry;
      }
    }
    double trace = 1, square = 1;
    for (uint64_t j = 0; j < p; j++) {
      for (uint64_t l = 0; l <= j; l++) {
        double entry = q[j * p + l] + h[j] * field[l] + h[l] * field[j] + h[j] * h[l] * norm;
        entry *= s[j] * s[l];
        q[j * p + l] = entry;
        square += (l < j ? 2.0 : 1.0) * a[j] * a[l] * entry * entry / (width * width);
      }
      trace -= a[j] * q[j * p + j] / width;
      square -= 2.0 * a[j] * m[j] * m[j] / width;
    }
    *risk = 0.5 * trace * trace + square;
    n++;
    if (!(*risk > target)) break;
  }
  return n;
}
