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
