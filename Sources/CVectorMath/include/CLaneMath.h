// Eight runs on tables of one shape in step, a run a lane: number i of lane r stands at [8 i + r].
//
// Every lane is computed as bfpo_log_normalisers, bfpo_subtract_exponentials, bfpo_random_below and bfpo_adam_step (and the
// sums of the loop around them) compute it for a run alone, in the same order, so that the bits are the same. What a lane
// holds does not touch the others, be it NaN. Compiled three times, as CTableMath.h.
#pragma once
#include <stddef.h>

struct bfpo_lane_shape {
  size_t pairs;   // of a stream
  size_t prompts; // that those pairs have
  size_t width;   // responses a prompt
};

/// One stream's batch; [pairs][8] unless said otherwise.
struct bfpo_lane_batch {
  struct bfpo_lane_shape shape;
  const long *places;     // [4][pairs]: elements of the chosen and the rejected response, prompts of both
  const long *prompts;    // [prompts], those of the pairs, each once
  const double *fixed;    // [3][pairs][8]: weights, log-probabilities under the reference of chosen and rejected
  double *counts;         // how often each pair was drawn
  double *scores;         // [2][pairs][8]: log-probabilities of chosen and rejected
  const double *values;   // [3][pairs][8]: losses, derivatives by the two log-probabilities
  double share;           // 1 / [batch]
};

/// The state of the tables: all but the last two are [elements][8].
struct bfpo_lane_tables {
  size_t elements;
  double *logits, *gradient, *first, *second;
  double *normalisers, *totals; // [prompts of the table][8]; totals are 0 between batches
};

/// counts[v] = how often v is among `draws` < 256 draws from 0 ..< bound, of child steps[lane] of the seed keys[lane].
/// Returns a bit for every lane whose counts are void because one of the draws may be among those that Lemire's method draws
/// again.
unsigned bfpo_lane_counts(const unsigned long *keys, const unsigned long *steps, unsigned long bound, size_t draws,
                          double *counts);

/// Writes the scores.
void bfpo_lane_scores(const struct bfpo_lane_batch *batch, const struct bfpo_lane_tables *tables);

/// Adds the gradient of a batch, and its sums [4][8]: of losses, log-ratios of chosen and rejected, and pairs in order. Returns
/// a bit for every lane in which a pair that was drawn has a value that is not finite.
unsigned bfpo_lane_gradients(const struct bfpo_lane_batch *batch, const struct bfpo_lane_tables *tables, double *sums);

/// The end of a step: clips the gradient to `limit` where that is above 0, takes a step of Adam, adds the sums (the last three
/// divided by `streams`) and the gradient's norm to window [5][8], and sets gradient and sums to 0. constants->scale is not
/// looked at. Returns a bit for every lane whose norm is not finite.
struct bfpo_adam;
unsigned bfpo_lane_step(const struct bfpo_adam *constants, double limit, double streams,
                        const struct bfpo_lane_tables *tables, double *sums, double *window);
