#include <gsl/gsl_randist.h>
#include <math.h>

#include "yardstick.h"

uint64_t yard_sgd(
    gsl_rng *rng, double *w, double *x, uint64_t d, double rate, double weight, double noise,
    double boundary, uint64_t steps) {
  double root = sqrt((double)d);
  uint64_t n = 0;
  while (n < steps) {
    double dot = 0;
    for (uint64_t i = 0; i < d; i++) {
      x[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
      dot += w[i] * x[i];
    }
    double field = dot / root, teacher = x[0];
    double error = teacher * teacher - weight * field * field
                   + noise * gsl_ran_gaussian_ziggurat(rng, 1.0);
    double coefficient = 2.0 * rate * weight * error * field / root, total = 0;
    for (uint64_t i = 0; i < d; i++) {
      w[i] += coefficient * x[i];
      total += w[i] * w[i];
    }
    double factor = sqrt((double)d / total);
    for (uint64_t i = 0; i < d; i++) w[i] *= factor;
    n++;
    if (!(fabs(w[0] / root) < boundary)) break;
  }
  return n;
}

uint64_t yard_sgd_rows(
    gsl_rng *rng, double *w, double *x, double *q, uint64_t p, uint64_t d, double rate,
    const double *a, double noise, double target, uint64_t steps, double *risk) {
  double root = sqrt((double)d), inverse = 1.0 / (double)d, field[p], h[p], s[p];
  uint64_t n = 0;
  while (n < steps) {
    double norm = 0, output = 0;
    for (uint64_t i = 0; i < d; i++) {
      x[i] = gsl_ran_gaussian_ziggurat(rng, 1.0);
      norm += x[i] * x[i];
    }
    for (uint64_t j = 0; j < p; j++) {
      double dot = 0;
      for (uint64_t i = 0; i < d; i++) dot += w[j * d + i] * x[i];
      field[j] = dot / root;
      output += a[j] * field[j] * field[j];
    }
    double error =
        x[0] * x[0] - output / (double)p + noise * gsl_ran_gaussian_ziggurat(rng, 1.0);
    for (uint64_t j = 0; j < p; j++) {
      h[j] = 2.0 * rate / (double)p * a[j] * error * field[j] * inverse;
      s[j] = 1.0 / sqrt(1.0 + h[j] * (2.0 * field[j] + h[j] * norm));
      for (uint64_t i = 0; i < d; i++)
        w[j * d + i] = s[j] * (w[j * d + i] + h[j] * root * x[i]);
    }
    double trace = 1, square = 1;
    for (uint64_t j = 0; j < p; j++) {
      double m = w[j * d] / root;
      for (uint64_t l = 0; l <= j; l++) {
        double g = q[j * p + l] + h[j] * field[l] + h[l] * field[j] + h[j] * h[l] * norm;
        g *= s[j] * s[l];
        q[j * p + l] = q[l * p + j] = g;
        square += (l < j ? 2.0 : 1.0) * a[j] * a[l] * g * g / (double)(p * p);
      }
      trace -= a[j] * q[j * p + j] / (double)p;
      square -= 2.0 * a[j] * m * m / (double)p;
    }
    *risk = 0.5 * trace * trace + square;
    n++;
    if (!(*risk > target)) break;
  }
  return n;
}
