// The yardstick: what a careful person writes with GSL in an afternoon. One replica at a time,
// mt19937, ziggurat normals, no vectors.
#ifndef ESCAPEMENT_YARDSTICK_H
#define ESCAPEMENT_YARDSTICK_H

#include <gsl/gsl_rng.h>
#include <stdint.h>

/// The exact chain, p = k = 1: advances m until |m| ≥ boundary or `steps` are spent, and returns
/// the steps taken.
uint64_t yard_chain(
    gsl_rng *rng, double *m, uint64_t d, double rate, double weight, double noise,
    double boundary, uint64_t steps);

/// Full SGD, p = 1, w of length d with |w|² = d and the teacher along coordinate 0.
uint64_t yard_sgd(
    gsl_rng *rng, double *w, double *x, uint64_t d, double rate, double weight, double noise,
    double boundary, uint64_t steps);

/// Full SGD with p rows (row-major), the Gram matrix `q` (p × p) and the risk tracked; stops when
/// the risk is at most `target`.
uint64_t yard_sgd_rows(
    gsl_rng *rng, double *w, double *x, double *q, uint64_t p, uint64_t d, double rate,
    const double *a, double noise, double target, uint64_t steps, double *risk);

/// Euler–Maruyama for dm = m·P(m²) dt + √(V(m²) γ/d) dB with the Brownian-bridge crossing test.
uint64_t yard_sde(
    gsl_rng *rng, double *m, const double drift[5], const double variance[5], double scale,
    double dt, double boundary, int bridge, uint64_t steps);

/// The exact chain for p students and one teacher: overlaps m (p), residual factor b (p × p, lower
/// triangular, column after column), Gram matrix q (p × p); stops when the risk is at most `target`.
uint64_t yard_network_chain(
    gsl_rng *rng, double *m, double *b, double *q, uint64_t p, uint64_t d, double rate,
    const double *a, double noise, double target, uint64_t steps, double *risk);

/// A network: students and teacher of one activation, unit norms, but that tanh learns He_3 of one unit.
typedef struct {
  enum { YARD_SQUARE, YARD_RELU, YARD_ERF, YARD_TANH } activation;
  uint64_t p, k, d;
  double rate, noise;
  const double *a;
  /// The risk's constant, and of tanh E[σ²] and E[He_3 σ].
  double constant, own, cubic;
} YardNetwork;

/// Full SGD of a network with p rows and the Gram matrix `q` tracked; stops when the risk is at most `target`.
uint64_t yard_network_sgd(
    gsl_rng *rng, const YardNetwork *network, double *w, double *x, double *q, double target,
    uint64_t steps);

/// The exact chain of a network: c (p × k), b and q as above.
uint64_t yard_any_chain(
    gsl_rng *rng, const YardNetwork *network, double *c, double *b, double *q, double target,
    uint64_t steps);

#endif
