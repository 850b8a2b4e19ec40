// The chain of network_chain_kernel.h: ESC_WIDTH replicas abreast, group after group.
#include "vector_functions.h"

#define ESC_GROUPS (ESC_LANES / ESC_WIDTH)
#define AT(array, k) ((array) + (k) * ESC_LANES)

static void FN(function_lanes)(
    const EscFunction *function, const double *x, double *values, double *slopes) {
  for (int lane = 0; lane < ESC_LANES; lane += ESC_WIDTH)
    FN(functions)(function, 1, x + lane, values + lane, slopes + lane);
}

static void FN(arcsine_lanes)(const double *x, double *out) {
  for (int lane = 0; lane < ESC_LANES; lane += ESC_WIDTH)
    FN(store)(out + lane, FN(arcsine)(FN(load)(x + lane)));
}

// g⋆(T g); `fields` and `values` are scratch.
ESC_INLINE VD FN(target)(
    const EscTarget *target, uint64_t k, const double *g, double *fields, double *values) {
  if (target->frame) {
    for (uint64_t r = 0; r < k; r++) {
      VD sum = target->frame[r * k] * FN(load)(AT(g, 0));
      for (uint64_t s = 1; s <= r; s++) sum += target->frame[r * k + s] * FN(load)(AT(g, s));
      FN(store)(AT(fields, r), sum);
    }
    g = fields;
  }
  VD sum = 0;
  if (target->term_count == 0) {
    FN(functions)(target->functions, k, g, values, NULL);
    for (uint64_t r = 0; r < k; r++) sum += FN(load)(AT(values, r));
    return sum / (double)k;
  }
  for (uint64_t i = 0; i < target->factor_count; i++)
    FN(functions)(&target->functions[i], 1, AT(g, target->directions[i]), AT(values, i), NULL);
  for (uint64_t t = 0, place = 0; t < target->term_count; t++) {
    VD product = target->coefficients[t];
    for (; place < target->ends[t]; place++) product *= FN(load)(AT(values, target->places[place]));
    sum += product;
  }
  return sum;
}

ESC_INLINE VD FN(series)(const EscSeries *series, VD x) {
  const double *const c = series->powers;
  const VD y = series->step == 2 ? x * x : x;
  VD sum = c[0];
  for (uint64_t i = 1; i < series->count; i++) sum = sum * y + c[i];
  return series->start ? x * sum : sum;
}

// Σ_n x_n·y_n·qⁿ of two students, or of one and the coefficients of a series of step 1.
ESC_INLINE VD FN(shaped)(uint64_t count, const double *x, const double *y, VD q) {
  VD sum = 0;
  for (uint64_t n = count; n-- > 0;) sum = sum * q + FN(load)(AT(x, n)) * FN(load)(AT(y, n));
  return sum;
}

ESC_INLINE VD FN(shaped_series)(const EscSeries *series, const double *x, VD q) {
  VD sum = 0;
  for (uint64_t n = series->count; n-- > 0;)
    sum = sum * q + series->powers[series->count - 1 - n] * FN(load)(AT(x, n));
  return sum;
}

// E[uv] of two ramps of correlation ρ and unit norms.
ESC_INLINE VD FN(ramps)(VD correlation) {
  const VD rho = FN(correlation)(correlation);
  return (FN(root)(1.0 - rho * rho) + rho * (ESC_HALF_PI + FN(arcsine)(rho))) * ESC_ONE_OVER_TWO_PI;
}

// That of two error functions at unit norms.
ESC_INLINE VD FN(unit_steps)(VD overlap) {
  return ESC_TWO_OVER_PI * FN(small_arcsine)(0.5 * FN(correlation)(overlap));
}

// E[g⋆σ(λ_j)]: `axes` are the student's coordinates, q its Q_jj, `shape` its e_n, `root` √(1 + Q_jj) of erf, else √Q_jj.
ESC_INLINE VD FN(teacher_pair)(
    const EscNetwork *net, const double *axes, VD root, const double *shape) {
  const EscNetworkRisk *const risk = &net->risk;
  const uint64_t k = net->units;
  VD sum = 0;
  if (risk->teacher == ESC_PAIR_TERMS) {
    for (uint64_t t = 0; t < risk->term_count; t++) {
      VD product = risk->term_coefficients[t];
      uint64_t degree = 0;
      for (uint64_t r = 0; r < k; r++)
        for (uint64_t n = risk->term_degrees[t * k + r]; n-- > 0; degree++)
          product *= FN(load)(AT(axes, r));
      if (risk->shape_count) {
        if (degree >= risk->shape_count) continue;
        product *= FN(load)(AT(shape, degree));
      }
      sum += product;
    }
    return sum;
  }
  for (uint64_t r = 0; r < k; r++) {
    VD m = FN(load)(AT(axes, r));
    if (net->target.frame) {
      const double *const row = net->target.frame + r * k;
      m = row[0] * FN(load)(AT(axes, 0));
      for (uint64_t s = 1; s <= r; s++) m += row[s] * FN(load)(AT(axes, s));
    }
    const double own = risk->unit_squares[r];
    if (risk->teacher == ESC_PAIR_ARCSINE)
      sum += net->keeps_norm && own == 1.0
                 ? FN(unit_steps)(m)
                 : ESC_TWO_OVER_PI
                       * FN(arcsine)(m / ((net->keeps_norm ? sqrt(2.0) : root) * sqrt(1.0 + own)));
    else if (risk->teacher == ESC_PAIR_ARCCOSINE && net->keeps_norm)
      sum += sqrt(own) * FN(ramps)(m * (1.0 / sqrt(own)));
    else if (risk->teacher == ESC_PAIR_ARCCOSINE)
      sum += (root * sqrt(own)) * FN(ramps)(m / (root * sqrt(own)));
    else if (risk->shape_count)
      sum += FN(shaped_series)(&risk->teacher_series[r], shape, m);
    else
      sum += FN(series)(&risk->teacher_series[r], m);
  }
  return sum / (double)k;
}

// The risk of ESC_WIDTH lanes from `lane` on.
static __attribute__((noinline)) void FN(network_risk)(
    const EscNetwork *net, EscNetworkLanes *lanes, uint64_t lane, double *out) {
  const EscNetworkRisk *const risk = &net->risk;
  const uint64_t p = net->width, shapes = risk->shape_count;
  const double *const axes = lanes->axes + lane, *const layer = lanes->layer + lane;
  // The first p columns of scratch are the normals of a step that is over.
  double *const roots = lanes->scratch + lane;
  double *const shape = lanes->scratch + esc_network_shapes(net) + lane;
  const double *q = lanes->gram + lane;
  const EscPair pair = risk->student;
  VD cross = 0;
  for (uint64_t j = 0, diagonal = 0; j < p; diagonal += p - j, j++) {
    const VD own = FN(load)(AT(q, diagonal));
    const VD root =
        net->keeps_norm ? (VD)(1) : FN(root)(pair == ESC_PAIR_ARCSINE ? 1.0 + own : own);
    FN(store)(AT(roots, j), root);
    for (uint64_t n = 0; n < shapes; n++) {
      VD sum = risk->shapes[n * shapes];
      for (uint64_t i = 1; i < shapes; i++) sum = sum * own + risk->shapes[n * shapes + i];
      FN(store)(AT(shape, j * shapes + n), sum);
    }
    cross += FN(load)(AT(layer, j))
             * FN(teacher_pair)(
                 net, AT(axes, j * net->units), root, AT(shape, j * shapes));
  }
  VD pairs = 0;
  for (uint64_t column = 0; column < p; column++) {
    const VD a = FN(load)(AT(layer, column)), root = FN(load)(AT(roots, column));
    VD sum = 0;
    for (uint64_t row = column; row < p; row++, q += ESC_LANES) {
      const VD overlap = FN(load)(q), other = FN(load)(AT(roots, row));
      VD value;
      if (pair == ESC_PAIR_ARCSINE)
        value = net->keeps_norm ? FN(unit_steps)(overlap)
                                : ESC_TWO_OVER_PI * FN(arcsine)(overlap / (root * other));
      else if (pair == ESC_PAIR_ARCCOSINE && row == column)
        value = 0.5 * overlap;
      else if (pair == ESC_PAIR_ARCCOSINE)
        value = net->keeps_norm ? FN(ramps)(overlap)
                                : (root * other) * FN(ramps)(overlap / (root * other));
      else if (shapes)
        value = FN(shaped)(shapes, AT(shape, row * shapes), AT(shape, column * shapes), overlap);
      else
        value = FN(series)(&risk->student_series, overlap);
      sum += ((row == column ? 0.5 : 1.0) * FN(load)(AT(layer, row))) * value;
    }
    pairs += (2.0 * a) * sum;
  }
  const double inverse = 1.0 / (double)p;
  FN(store)(out, 0.5 * ((risk->constant - (2.0 * inverse) * cross) + (inverse * inverse) * pairs));
}

static void FN(network_risks)(const EscNetwork *net, EscNetworkLanes *lanes, double *out) {
  for (uint64_t lane = 0; lane < ESC_LANES; lane += ESC_WIDTH)
    FN(network_risk)(net, lanes, lane, out + lane);
}

// e at the fields, whose σ and σ' it leaves.
ESC_INLINE VD FN(network_error)(
    const EscNetwork *net, const double *layer, const double *field, double *value, double *slope,
    VD label) {
  FN(functions)(&net->activation, net->width, field, value, slope);
  if (!net->is_square_loss) return label;
  VD output = 0;
  for (uint64_t j = 0; j < net->width; j++)
    output += FN(load)(AT(layer, j)) * FN(load)(AT(value, j));
  return label - output / (double)net->width;
}

// Takes at most `steps` steps.
static uint64_t FN(network_run)(
    const EscRoundKeys *keys, const EscChiSquare *chi, const EscNetwork *net,
    EscNetworkLanes *lanes, uint64_t steps) {
  const uint64_t p = net->width, k = net->units, pairs = 1 + (k + p + 1) / 2;
  const double inverse_dimension = 1.0 / (double)net->dimension;
  const int tangential = net->is_tangential;
  FN(Generator) generator[ESC_GROUPS];
  VU w0[ESC_GROUPS], w1[ESC_GROUPS];
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
      // Scratch, a column of lanes each.
      double *const normal = lanes->scratch + lane, *const field = AT(normal, k + p + 3);
      double *const value = AT(field, p), *const slope = AT(value, p), *const moved = AT(slope, p);
      double *const h = AT(moved, p), *const s = AT(h, p), *const kept = AT(s, p);
      double *const sum = AT(kept, p), *const tail = AT(sum, p), *const w = AT(tail, p + 1);
      double *const units = AT(w, p), *const factors = AT(units, k);
      double *const axes = lanes->axes + lane, *const layer = lanes->layer + lane;
      const VU word = w1[group];
#pragma clang loop unroll(disable)
      for (uint64_t b = 0; b < pairs; b++) {
        ESC_FENCE;
        VD one, two, unused;
        FN(pair_and_words)(&generator[group], &w0[group], &w1[group], &one, &two, &unused);
        FN(store)(AT(normal, 2 * b), one);
        FN(store)(AT(normal, 2 * b + 1), two);
      }
      const double *const gt = AT(normal, 2), *const g = AT(gt, k);
      VD t = FN(chi_square)(
          keys, chi, lanes->stream + lane, FN(load_words)(lanes->step + lane) + n,
          FN(load)(AT(normal, 0)), word);
      FN(store)(AT(tail, p), t);
      for (uint64_t i = p; i-- > 0;) {
        const VD gi = FN(load)(AT(g, i));
        t = t + gi * gi;
        FN(store)(AT(tail, i), t);
      }
      VD star = 0;
      for (uint64_t r = 0; r < k; r++) star += FN(load)(AT(gt, r)) * FN(load)(AT(gt, r));
      const VD norm = star + t;
      const double *column = lanes->factor + lane;
      for (uint64_t j = 0; j < p; j++) FN(store)(AT(sum, j), (VD)(0));
      for (uint64_t i = 0; i < p; i++) {
        const VD gi = FN(load)(AT(g, i));
#pragma clang loop unroll(disable)
        for (uint64_t j = i; j < p; j++, column += ESC_LANES)
          FN(store)(AT(sum, j), FN(load)(AT(sum, j)) + FN(load)(column) * gi);
      }
      for (uint64_t j = 0; j < p; j++) {
        VD f = FN(load)(AT(axes, j * k)) * FN(load)(AT(gt, 0));
        for (uint64_t r = 1; r < k; r++)
          f += FN(load)(AT(axes, j * k + r)) * FN(load)(AT(gt, r));
        FN(store)(AT(field, j), f + FN(load)(AT(sum, j)));
      }
      const VD label = FN(target)(&net->target, k, gt, units, factors)
                       + net->label_noise_deviation * FN(load)(AT(normal, 1));
      VD error = FN(network_error)(net, layer, field, value, slope, label);
      if (net->look_ahead != 0) {
        const VD reach = (net->look_ahead * norm) * inverse_dimension;
        for (uint64_t j = 0; j < p; j++)
          FN(store)(
              AT(moved, j), FN(load)(AT(field, j))
                                + reach * ((FN(load)(AT(layer, j)) * error) * FN(load)(AT(slope, j))));
        error = FN(network_error)(net, layer, moved, value, slope, label);
      }
      for (uint64_t j = 0; j < p; j++) {
        const VD a = FN(load)(AT(layer, j));
        const VD u = ((net->push_rate * a) * error) * FN(load)(AT(slope, j));
        FN(store)(AT(h, j), u * inverse_dimension);
      }
      if (net->layer_rate > 0) {
        VD total = 0;
        for (uint64_t j = 0; j < p; j++) {
          const VD a = FN(load)(AT(layer, j))
                       + (net->layer_rate * error) * FN(load)(AT(value, j));
          FN(store)(AT(layer, j), a);
          total += a;
        }
        if (net->normalises_layer) {
          const VD factor = (double)p / total;
          for (uint64_t j = 0; j < p; j++)
            FN(store)(AT(layer, j), FN(load)(AT(layer, j)) * factor);
        }
      }
      const VD inverse = FN(inverse_root)(t), r = t * inverse;
      const double *own = lanes->gram + lane;
      for (uint64_t j = 0; j < p; own += (p - j) * ESC_LANES, j++) {
        const VD hj = FN(load)(AT(h, j));
        VD f = FN(load)(AT(field, j)), sj = FN(load)(AT(sum, j)), q = FN(load)(own), keep = 1;
        if (tangential) {
          keep = 1.0 - (hj * f) / q;
          f = keep * f, sj = keep * sj, q = (keep * keep) * q;
          FN(store)(AT(kept, j), keep);
          FN(store)(AT(field, j), f);
          FN(store)(AT(sum, j), sj);
        }
        VD scale = 1;
        if (net->keeps_norm) scale = FN(inverse_root)(q + hj * ((f + f) + hj * norm));
        FN(store)(AT(s, j), scale);
        FN(store)(AT(w, j), hj * r + sj * inverse);
        for (uint64_t unit = 0; unit < k; unit++) {
          double *const entry = AT(axes, j * k + unit);
          VD c = FN(load)(entry);
          if (tangential) c = keep * c;
          FN(store)(entry, scale * (c + hj * FN(load)(AT(gt, unit))));
        }
      }
      double *entry = lanes->factor + lane;
      for (uint64_t i = 0; i < p; i++) {
        const VD gi = FN(load)(AT(g, i)), below = FN(load)(AT(tail, i + 1));
        const VD v = FN(inverse_root)(FN(load)(AT(tail, i)) * below);
        const VD alpha = below * v, beta = gi * v;
        VD pivot = FN(load)(entry);
        if (tangential) pivot = FN(load)(AT(kept, i)) * pivot;
        const VD x = pivot * alpha, y = FN(load)(AT(w, i));
        const VD square = x * x + y * y, root = FN(inverse_root)(square);
        const VI regular = square > 1e-290;
        const VD c = regular ? x * root : (VD)(1), sine = regular ? y * root : (VD)(0);
        FN(store)(entry, FN(load)(AT(s, i)) * (regular ? square * root : (VD)(0)));
        entry += ESC_LANES;
#pragma clang loop unroll(disable)
        for (uint64_t j = i + 1; j < p; j++, entry += ESC_LANES) {
          VD b = FN(load)(entry);
          if (tangential) b = FN(load)(AT(kept, j)) * b;
          const VD sj = FN(load)(AT(sum, j)) - b * gi;
          const VD cj = b * alpha - sj * beta, wj = FN(load)(AT(w, j));
          FN(store)(AT(sum, j), sj);
          FN(store)(entry, FN(load)(AT(s, j)) * (c * cj + sine * wj));
          FN(store)(AT(w, j), c * wj - sine * cj);
        }
      }
      double *q = lanes->gram + lane;
      VD trace = 0;
      for (uint64_t j = 0; j < p; j++) {
        const VD fj = FN(load)(AT(field, j)), hj = FN(load)(AT(h, j)), sj = FN(load)(AT(s, j));
#pragma clang loop unroll(disable)
        for (uint64_t l = j; l < p; l++, q += ESC_LANES) {
          const VD hl = FN(load)(AT(h, l)), fl = FN(load)(AT(field, l));
          VD old = FN(load)(q);
          if (tangential) old = (FN(load)(AT(kept, j)) * FN(load)(AT(kept, l))) * old;
          const VD x = old + ((hj * fl + hl * fj) + (hj * hl) * norm);
          const VD next = (sj * FN(load)(AT(s, l))) * x;
          FN(store)(q, next);
          if (l == j) trace += next;
        }
      }
      VI calm = trace < INFINITY;
      if (lanes->watches_risk) {
        FN(network_risk)(net, lanes, (uint64_t)lane, lanes->risk + lane);
        const VD risk = FN(load)(lanes->risk + lane);
        calm &= (risk > FN(load)(lanes->target + lane)) & (risk < INFINITY);
      }
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
#undef ESC_GROUPS
