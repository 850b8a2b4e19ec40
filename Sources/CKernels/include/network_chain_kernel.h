// The exact reduced chain of one-pass SGD for any network on one fresh sample a step; many replicas at a time.
#ifndef ESCAPEMENT_NETWORK_CHAIN_KERNEL_H
#define ESCAPEMENT_NETWORK_CHAIN_KERNEL_H

#include "random_stream.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Names a function of one field.
typedef enum {
  ESC_SQUARE = 0,
  /// Of the powers in `EscFunction`.
  ESC_POLYNOMIAL = 1,
  ESC_RELU = 2,
  /// erf(x/√2).
  ESC_ERF = 3,
  ESC_TANH = 4,
  /// 1/(1 + e⁻ˣ).
  ESC_SIGMOID = 5,
  /// log(1 + eˣ).
  ESC_SOFTPLUS = 6,
  ESC_SIGN = 7,
  /// 1 above 0, else 0.
  ESC_STEP = 8,
  ESC_ABSOLUTE = 9,
} EscFunctionKind;

/// The most coefficients of a polynomial.
enum { ESC_POWERS = 17 };

/// Holds a function of one field.
typedef struct {
  EscFunctionKind kind;
  /// The number of powers, at least 1.
  uint64_t count;
  /// Their coefficients, the highest power first.
  double powers[ESC_POWERS];
} EscFunction;

/// Evaluates a function and its slope at 16 fields. Errors: at most 4 units in the last place of a value.
void esc_function(
    const EscFunction *function, const double x[ESC_LANES], double value[ESC_LANES],
    double slope[ESC_LANES], EscInstructionSet instructions);

/// Returns arcsin of 16 numbers from −1 to 1.
void esc_arcsine(const double x[ESC_LANES], double out[ESC_LANES], EscInstructionSet instructions);

/// Holds the labels without noise, of the fields λ⋆ = T g: their mean by one function where there are no terms, else
/// Σ_t c_t Π f(λ⋆) over terms of factors.
typedef struct {
  /// T, `units`², row-major, lower triangular; NULL for the identity.
  const double *frame;
  /// The function of a mean, or those of factors.
  const EscFunction *functions;
  /// The unit of a factor.
  const uint64_t *directions;
  uint64_t factor_count;
  uint64_t term_count;
  const double *coefficients;
  /// The factors of all terms one after the other, and where each term ends.
  const uint64_t *places, *ends;
} EscTarget;

/// Holds Σ_n c_n xⁿ as x^start Σ_i c_i (x^step)^i, the highest power first.
typedef struct {
  uint64_t count, start, step;
  const double *powers;
} EscSeries;

/// Names how an expectation over two fields is evaluated.
typedef enum {
  /// Not at all.
  ESC_PAIR_NONE = 0,
  /// (2/π) arcsin(q_uv/√((1 + q_u)(1 + q_v))).
  ESC_PAIR_ARCSINE = 1,
  /// (s_u s_v/2π)(√(1 − ρ²) + ρ(π/2 + arcsin ρ)).
  ESC_PAIR_ARCCOSINE = 2,
  /// A series in the overlap; with free norms its term n times e_n(q_u), and for two students e_n(q_u) e_n(q_v).
  ESC_PAIR_SERIES = 3,
  /// For the teacher: Σ_t c_t Π_r C_r^(n_r), with free norms times e_N(q), N = Σ_r n_r.
  ESC_PAIR_TERMS = 4,
} EscPair;

/// Holds what the excess risk is made of:
/// ½(constant − (2/p) Σ_j a_j E[g⋆σ(λ_j)] + (1/p²) Σ_jl a_j a_l E[σ(λ_j)σ(λ_l)]).
typedef struct {
  double constant;
  EscPair student, teacher;
  EscSeries student_series;
  /// One a unit.
  const EscSeries *teacher_series;
  /// P_rr.
  const double *unit_squares;
  uint64_t term_count;
  const double *term_coefficients;
  /// `units` a term.
  const uint64_t *term_degrees;
  /// The number of e_n(q) = Σ_i E_ni qⁱ with free norms, each a row of as many coefficients, the highest power first; 0
  /// where norms are 1.
  uint64_t shape_count;
  const double *shapes;
} EscNetworkRisk;

/// Holds the constants of an experiment.
typedef struct {
  uint64_t seed;
  /// Input dimension d ≥ p + k + 2.
  uint64_t dimension;
  /// The number of students p and of teacher units k.
  uint64_t width, units;
  /// γ/p and γ_a/p.
  double push_rate, layer_rate;
  /// Standard deviation √Δ of the label noise.
  double label_noise_deviation;
  /// ρ.
  double look_ahead;
  /// Whether the error is y − f rather than y.
  int is_square_loss;
  /// Whether Σ a = p is kept.
  int normalises_layer;
  /// Whether the gradient's part along w_j is left out, and whether Q_jj = 1 is kept.
  int is_tangential, keeps_norm;
  EscFunction activation;
  EscTarget target;
  EscNetworkRisk risk;
} EscNetwork;

/// Holds ESC_LANES replicas, a replica a lane: number i of an array of n numbers a replica stands at
/// [i·ESC_LANES + lane]. Triangles are packed column after column.
typedef struct {
  /// C along the teacher's axes, p×k, row-major.
  double *axes;
  /// B, lower triangular.
  double *factor;
  /// Q, its lower triangle.
  double *gram;
  /// a.
  double *layer;
  double *scratch;
  /// Whether the risk is evaluated after every step; else it is 0 after the first.
  int watches_risk;
  /// Excess risk after the last step.
  double risk[ESC_LANES];
  /// The lane has an event as soon as risk ≤ target.
  double target[ESC_LANES];
  /// The stream: replica (48 bits) | purpose << 48.
  uint64_t stream[ESC_LANES];
  uint64_t step[ESC_LANES];
  EscGenerators generators;
  /// The lane has an event when step = horizon.
  uint64_t horizon[ESC_LANES];
  uint8_t event[ESC_LANES];
} EscNetworkLanes;

/// Returns the number of doubles that the five arrays of a block of lanes hold together, in their order.
uint64_t esc_network_lanes_size(const EscNetwork *network);

/// Points the arrays into memory of that size.
void esc_network_lanes_open(
    const EscNetwork *network, EscNetworkLanes *lanes, double *memory);

/// Takes Q of a lane anew from [C B], with rows of length 1 where the constraint keeps it, and its risk. Cost: O(p³).
void esc_network_begin(
    const EscNetwork *network, EscNetworkLanes *lanes, int lane, EscInstructionSet instructions);

/// Returns the risk of a lane as it is now.
double esc_network_risk(
    const EscNetwork *network, EscNetworkLanes *lanes, int lane, EscInstructionSet instructions);

/// Advances every lane by the same number of steps, at most `steps`, and returns early with the set of lanes that have an
/// event.
///
/// A step draws 1 + ⌈(k + p)/2⌉ pairs: (x, z), then g along the teacher's axes and h along the students' own; ρ² has
/// d − p − k degrees of freedom, from x and the low bits of the second word of its pair. With S = B h and
/// λ = C g + S, T_p = ρ², T_{i−1} = T_i + h_i², N = |g|² + T_0:
///
///     y = g⋆(T g) + √Δ·z,  e = y − (Σ_j a_j·σ(λ_j))/p or y;  with a look-ahead σ, σ' and e again at
///     λ_j + ((ρ·N)/d)·((a_j·e)·σ'(λ_j))
///     u_j = (((γ/p)·a_j)·e)·σ'(λ_j)/d,  a_j ← a_j + ((γ_a/p)·e)·σ(λ_j)
///     κ_j = 1 − (u_j·λ_j)/Q_jj where the constraint is tangential, else 1; from here on λ, S and the rows of C, B, Q are
///     those times κ
///     s_j = 1/√(Q_jj + u_j·((λ_j + λ_j) + u_j·N)) where norms are kept, else 1
///     C_jr ← s_j·(C_jr + u_j·g_r),  Q_jl ← (s_j·s_l)·(Q_jl + ((u_j·λ_l + u_l·λ_j) + (u_j·u_l)·N))
///
/// and B as in `esc_squares_advance`. After every 4096 steps of a lane Q is taken anew as by `esc_network_begin`.
/// Cost: O(p(p + k)) and the risk.
uint32_t esc_network_advance(
    const EscNetwork *network, EscNetworkLanes *lanes, uint64_t steps, EscInstructionSet instructions);

#ifdef __cplusplus
}
#endif
#endif
