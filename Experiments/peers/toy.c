// The 4-action toy in plain C on one thread: one run, and the matrix of 2,450 runs (5 objectives × 7 τ × 7 α × 10 seeds).
// cc -O3 -march=native -ffast-math toy.c -o toy -lm
//
// The same problem as toy_torch.py: a softmax policy over 4 actions, 6 fixed pairs, 1,800 Adam steps at rate 0.01, 32 pairs drawn a
// step. The draws are counted by pair, so that a step costs 32 random numbers and 6 slopes.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

enum { ACTIONS = 4, PAIRS = 6, STEPS = 1800, BATCH = 32 };
enum objective { BFPO, IPO, DPO, CONSERVATIVE_DPO, HINGE, OBJECTIVES };

static const int winner[PAIRS] = {0, 0, 0, 1, 1, 2}, loser[PAIRS] = {1, 2, 3, 2, 3, 3};
static const float safe[ACTIONS] = {1, 0, 0, 1};

// What the compiler must believe is needed, so that no run is left out.
static volatile float sink;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline float sigmoid(float x) { return 1 / (1 + expf(-x)); }

// dL/dh of one pair with margin h; target is BFPO's g/τ.
static inline float slope(enum objective objective, float h, float tau, float target) {
  switch (objective) {
  case BFPO: return 2 * (h - target);
  case IPO: return 2 * (h - 0.5f / tau);
  case DPO: return -tau * sigmoid(-tau * h);
  case CONSERVATIVE_DPO: return -tau * (sigmoid(-tau * h) - 0.1f);
  default: return tau * h < 1 ? -tau : 0;
  }
}

static inline __attribute__((always_inline)) void train(
    enum objective objective, float tau, float alpha, uint64_t seed, float policy[ACTIONS]) {
  uint64_t x = seed * 0x9E3779B97F4A7C15ull + 1;
  float theta[ACTIONS] = {0}, m[ACTIONS] = {0}, v[ACTIONS] = {0}, power1 = 1, power2 = 1, target[PAIRS];
  for (int i = 0; i < PAIRS; i++) target[i] = (1.5f * safe[winner[i]] - 0.5f * safe[loser[i]] - alpha) / tau;
  for (int step = 0; step < STEPS; step++) {
    int count[PAIRS] = {0};
    for (int b = 0; b < BATCH; b++) {
      x ^= x << 13, x ^= x >> 7, x ^= x << 17;
      count[(x >> 32) * PAIRS >> 32]++;
    }
    float gradient[ACTIONS] = {0};
    for (int i = 0; i < PAIRS; i++) {
      float d = slope(objective, theta[winner[i]] - theta[loser[i]], tau, target[i]) * (float)count[i] / BATCH;
      gradient[winner[i]] += d;
      gradient[loser[i]] -= d;
    }
    power1 *= 0.9f, power2 *= 0.999f;
    for (int k = 0; k < ACTIONS; k++) {
      m[k] = 0.9f * m[k] + 0.1f * gradient[k];
      v[k] = 0.999f * v[k] + 0.001f * gradient[k] * gradient[k];
      theta[k] -= 0.01f * (m[k] / (1 - power1)) / (sqrtf(v[k] / (1 - power2)) + 1e-8f);
    }
  }
  float sum = 0;
  for (int k = 0; k < ACTIONS; k++) sum += policy[k] = expf(theta[k]);
  for (int k = 0; k < ACTIONS; k++) policy[k] /= sum;
  sink = policy[0];
}

// A loop of its own for every objective, so that none is chosen inside.
static void run(enum objective objective, float tau, float alpha, uint64_t seed, float policy[ACTIONS]) {
  switch (objective) {
  case BFPO: train(BFPO, tau, alpha, seed, policy); break;
  case IPO: train(IPO, tau, alpha, seed, policy); break;
  case DPO: train(DPO, tau, alpha, seed, policy); break;
  case CONSERVATIVE_DPO: train(CONSERVATIVE_DPO, tau, alpha, seed, policy); break;
  default: train(HINGE, tau, alpha, seed, policy);
  }
}

int main(void) {
  static const float taus[7] = {0.05f, 0.1f, 0.25f, 0.5f, 1, 2, 5};
  float policy[ACTIONS], mean[ACTIONS] = {0};
  double start = now();
  for (uint64_t seed = 1; seed <= 200; seed++) run(BFPO, 1, 0.5f, seed, policy);
  double single = (now() - start) / 200;
  start = now();
  for (int objective = 0; objective < OBJECTIVES; objective++)
    for (int t = 0; t < 7; t++)
      for (int a = 0; a < 7; a++)
        for (uint64_t seed = 1; seed <= 10; seed++) {
          run((enum objective)objective, taus[t], (float)a / 6, seed, policy);
          if (objective == BFPO && t == 4 && a == 3)
            for (int k = 0; k < ACTIONS; k++) mean[k] += policy[k] / 10;
        }
  double matrix = now() - start;
  const char *format = "{\"name\": \"toy.c.%s\", \"seconds\": [%.9f], \"policy\": [%.4f, %.4f, %.4f, %.4f]}\n";
  printf(format, "single", single, mean[0], mean[1], mean[2], mean[3]);
  printf(format, "batched", matrix, mean[0], mean[1], mean[2], mean[3]);
}
