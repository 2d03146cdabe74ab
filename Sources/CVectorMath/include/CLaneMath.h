// Eight runs on tables of one shape in step, a run a lane: number i of lane r stands at [8 i + r]. A run alone has the only
// lane, and number i stands at [i].
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

/// One stream's batch; [pairs][lanes] unless said otherwise.
struct bfpo_lane_batch {
  struct bfpo_lane_shape shape;
  const long *places;     // [4][pairs]: elements of the chosen and the rejected response, prompts of both
  const long *prompts;    // [prompts], those of the pairs, each once
  const double *fixed;    // [3][pairs][lanes]: weights, log-probabilities under the reference of chosen and rejected
  double *counts;         // how often each pair was drawn
  double *logits;         // [2][pairs][lanes]: logits of chosen and rejected
  double *scores;         // [2][pairs][lanes]: log-probabilities of chosen and rejected
  double *values;         // [3][pairs][lanes]: losses, derivatives by the two log-probabilities
  double share;           // 1 / [batch]
  int balanced;           // whether both responses of a pair have one prompt, and their derivatives add up to 0
};

/// The state of the tables: all but the last two are [elements][lanes], with room for a multiple of eight numbers.
struct bfpo_lane_tables {
  size_t lanes; // 8 or 1
  size_t elements;
  double *logits, *gradient, *first, *second;
  double *normalisers, *totals; // [prompts of the table][lanes]; totals are 0 between batches
};

/// counts[v] = how often v is among `draws` < 256 draws from 0 ..< bound, of child steps[lane] of the seed keys[lane], for
/// eight lanes. Returns a bit for every lane whose counts are void because one of the draws may be among those that Lemire's
/// method draws again.
unsigned bfpo_lane_counts(const unsigned long *keys, const unsigned long *steps, unsigned long bound, size_t draws,
                          double *counts);

/// Copies the logits of a batch's responses.
void bfpo_lane_logits(const struct bfpo_lane_batch *batch, const struct bfpo_lane_tables *tables);

/// Writes the scores.
void bfpo_lane_scores(const struct bfpo_lane_batch *batch, const struct bfpo_lane_tables *tables);

/// Adds the gradient of a batch, and to sums [4][lanes], unless that is null, what bfpo_lane_watch adds. The batch has
/// been scored, unless it is balanced and nothing watched. Returns a bit for every lane in which a pair that was drawn has a
/// value that is not finite.
unsigned bfpo_lane_gradients(const struct bfpo_lane_batch *batch, const struct bfpo_lane_tables *tables, double *sums);

/// The end of a step: clips the gradient to `limit` where that is above 0, takes a step of Adam, adds the gradient's norm to
/// norms [lanes], and sets the gradient to 0. constants->scale is not looked at. Returns a bit for every lane whose norm is
/// not finite.
struct bfpo_adam;
unsigned bfpo_lane_step(const struct bfpo_adam *constants, double limit, const struct bfpo_lane_tables *tables,
                        double *norms);

/// Adds to sums [4][8] what is watched of a batch of eight lanes: losses, log-ratios of chosen and rejected, and pairs in order.
void bfpo_lane_watch(const struct bfpo_lane_batch *batch, double *sums);

/// Adds the sums (the last three divided by `streams`) to window [4][8], and sets them to 0.
void bfpo_lane_window(double streams, double *sums, double *window);
