#include "engine.h"
#include <pthread.h>
#include <stdlib.h>

struct scratch {
  void *memory[SCRATCH_SLOTS];
  size_t capacity[SCRATCH_SLOTS];
};

static pthread_key_t key;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void release(void *value) {
  struct scratch *own = value;
  for (int slot = 0; slot < SCRATCH_SLOTS; slot++) free(own->memory[slot]);
  free(own);
}

static void make_key(void) { pthread_key_create(&key, release); }

void *bfpo_scratch(int slot, size_t bytes) {
  static _Thread_local struct scratch *own;
  if (!own) {
    pthread_once(&once, make_key);
    own = calloc(1, sizeof *own);
    if (!own) abort();
    pthread_setspecific(key, own);
  }
  if (own->capacity[slot] < bytes) {
    free(own->memory[slot]);
    size_t capacity = round_up(bytes + bytes / 4, 4096);
    own->memory[slot] = aligned_alloc(64, capacity);
    if (!own->memory[slot]) abort();
    own->capacity[slot] = capacity;
  }
  return own->memory[slot];
}
