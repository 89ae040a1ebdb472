/*
 * What is for the audio thread never touches the heap, whatever it is given: this program has a heap of its own, which
 * counts. (Its functions are found before the C library's, by the shared library too.)
 */

#include "check.h"

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
extern void __libc_free(void *);

static _Thread_local volatile int watching, touched;

void *malloc(size_t n) { return touched += watching, __libc_malloc(n); }
void *calloc(size_t n, size_t m) { return touched += watching, __libc_calloc(n, m); }
void *realloc(void *p, size_t n) { return touched += watching, __libc_realloc(p, n); }
void *aligned_alloc(size_t a, size_t n) { return touched += watching, __libc_memalign(a, n); }
int posix_memalign(void **p, size_t a, size_t n) { return touched += watching, *p = __libc_memalign(a, n), *p ? 0 : 12; }
void free(void *p) { touched += watching, __libc_free(p); }

#define BLOCK 128

static size_t fill(void *user, float *out, size_t frames)
{
    (void)user;
    for (size_t i = 0; i < frames; i++)
        out[i] = 0.1f;
    return frames;
}

int main(void)
{
    PeriphonHead *head = small_head(48000.0);
    PeriphonEngine *engine = NULL;
    PeriphonControl *control = NULL;
    PeriphonOptions options;
    OK(periphon_options_init(&options));
    options.max_block = BLOCK;
    options.max_sources = 6;
    OK(periphon_engine_new(head, &options, &engine, &control));
    OK(periphon_head_free(head));
    PeriphonRoom *rooms[2];
    OK(periphon_room_shoebox(6.0, 5.0, 3.0, 0.3, &rooms[0]));
    OK(periphon_room_preset("club", &rooms[1]));
    PeriphonSourceSpec spec;
    OK(periphon_source_init(&spec));
    spec.position[1] = 2.0, spec.spread_deg = 20.0, spec.pattern = 0.5;
    PeriphonSource sources[6] = {0};
    PeriphonFeed *feed = NULL;
    OK(periphon_control_add(control, &spec, &sources[0]));
    OK(periphon_control_add_feed(control, &spec, 500, &sources[1], &feed));

    watching = 1;
    void *volatile some = malloc(1);
    free(some);
    watching = 0;
    CHECK(touched == 2); /* The watch sees. */
    touched = 0;

    float samples[2 * BLOCK], left[2 * BLOCK], right[2 * BLOCK];
    for (int n = 0; n < 2 * BLOCK; n++)
        samples[n] = (float)(n % 5) - (n == 7 ? NAN : 0.0f);
    const float *inputs[6] = {samples};
    double heard = 0.0;
    for (int i = 0; i < 500; i++) {
        /* Everything that can be asked for, from this side of the fence. */
        if (i % 20 == 3)
            OK(periphon_control_add_callback(control, &spec, fill, NULL, NULL, &sources[2]));
        if (i % 20 == 12)
            OK(periphon_control_remove(control, sources[2]));
        if (i % 60 == 5)
            OK(periphon_control_set_room(control, i % 180 == 125 ? NULL : rooms[i % 2], 0.05));
        OK(periphon_control_move(control, sources[i % 2], cos(0.1 * i), sin(0.2 * i), 0.3, 0.05));
        size_t pushed, tail;
        double rate;
        uint64_t missing;
        watching = 1;
        PeriphonStatus s[8] = {
            periphon_feed_push(feed, samples, BLOCK, &pushed),
            periphon_engine_process(engine, inputs, 6, left, right, i % 30 == 9 ? 2 * BLOCK - (size_t)i % 11 : BLOCK),
            periphon_engine_tail(engine, &tail),
            periphon_engine_sample_rate(engine, &rate),
            periphon_feed_missing(feed, &missing),
            /* Mistakes cost no memory either. */
            periphon_engine_process(engine, inputs, 6, left, left, BLOCK),
            periphon_engine_process((PeriphonEngine *)feed, inputs, 6, left, right, BLOCK),
            periphon_feed_push(NULL, samples, BLOCK, &pushed),
        };
        watching = 0;
        for (int k = 0; k < 5; k++)
            CHECK(s[k] == PERIPHON_STATUS_OK);
        CHECK(s[5] == PERIPHON_STATUS_ARGUMENT && s[6] == PERIPHON_STATUS_HANDLE && s[7] == PERIPHON_STATUS_NULL);
        heard += energy(left, BLOCK);
    }
    CHECK(heard > 0.0);
    if (touched) {
        fprintf(stderr, "heap: touched %d times\n", touched);
        return 1;
    }
    OK(periphon_room_free(rooms[0]));
    OK(periphon_room_free(rooms[1]));
    OK(periphon_feed_free(feed));
    OK(periphon_control_free(control));
    OK(periphon_engine_free(engine));
    puts("heap: never touched");
    return 0;
}
