/* The two halves on two threads, sources by callback and by feed, and what is done on the wrong one. */

#include "check.h"

#include <pthread.h>
#include <stdatomic.h>

#define BLOCK 64
#define BLOCKS 400

struct tone {
    float level;
    atomic_int released;
    PeriphonControl *control;
    PeriphonEngine *engine;
    atomic_int wrong_thread, busy;
};

static size_t fill(void *user, float *out, size_t frames)
{
    struct tone *tone = user;
    for (size_t i = 0; i < frames; i++)
        out[i] = tone->level;
    /* What must not be done from here gives a status. */
    if (periphon_control_set_gain(tone->control, 1, 1.0) == PERIPHON_STATUS_WRONG_THREAD)
        tone->wrong_thread++;
    float left[4], right[4];
    if (periphon_engine_process(tone->engine, NULL, 0, left, right, 4) == PERIPHON_STATUS_BUSY)
        tone->busy++;
    return frames;
}

static void released(void *user)
{
    struct tone *tone = user;
    CHECK(periphon_control_tidy(tone->control) == PERIPHON_STATUS_WRONG_THREAD);
    tone->released++;
}

struct audio {
    PeriphonEngine *engine;
    atomic_int blocks, stop;
    double heard;
};

static void *audio_thread(void *user)
{
    struct audio *audio = user;
    float left[BLOCK], right[BLOCK];
    while (!audio->stop) {
        PeriphonStatus status = periphon_engine_process(audio->engine, NULL, 0, left, right, BLOCK);
        /* Only the other thread's question for the tail may come in between. */
        CHECK(status == PERIPHON_STATUS_OK || status == PERIPHON_STATUS_BUSY);
        audio->heard += energy(left, BLOCK);
        audio->blocks++;
    }
    return NULL;
}

static void two_threads(void)
{
    PeriphonHead *head = small_head(48000.0);
    PeriphonOptions options;
    OK(periphon_options_init(&options));
    options.max_block = BLOCK;
    options.max_sources = 4;
    struct audio audio = {0};
    PeriphonControl *control = NULL;
    OK(periphon_engine_new(head, &options, &audio.engine, &control));
    OK(periphon_head_free(head));

    static struct tone tone;
    tone.level = 0.5f, tone.control = control, tone.engine = audio.engine;
    PeriphonSourceSpec spec;
    OK(periphon_source_init(&spec));
    PeriphonSource toned = 0, fed = 0;
    PeriphonFeed *feed = NULL;
    OK(periphon_control_add_callback(control, &spec, fill, released, &tone, &toned));
    spec.position[0] = -2.0;
    OK(periphon_control_add_feed(control, &spec, 1000, &fed, &feed));
    /* Where nothing came of it, what was handed over is released too. */
    static struct tone other;
    other.control = control;
    FAILS(PERIPHON_STATUS_NULL, "function", periphon_control_add_callback(control, &spec, NULL, released, &other, &fed));
    CHECK(other.released == 1);
    CHECK(periphon_control_add_feed(control, &spec, 0, &fed, &feed) == PERIPHON_STATUS_ARGUMENT);
    CHECK(periphon_control_add_feed(control, &spec, 10, &fed, NULL) == PERIPHON_STATUS_NULL);

    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, audio_thread, &audio) == 0);
    PeriphonRoom *room = NULL;
    OK(periphon_room_shoebox(6.0, 5.0, 3.0, 0.4, &room));
    OK(periphon_room_set_reflections(room, 1, 1));
    size_t pushed_in_all = 0;
    int busy = 0;
    for (int i = 0; i < 60 || audio.blocks < BLOCKS; i++) {
        float samples[200];
        size_t pushed = 0, space = 0;
        for (int n = 0; n < 200; n++)
            samples[n] = 0.1f * (float)(n % 7);
        OK(periphon_feed_room(feed, &space));
        OK(periphon_feed_push(feed, samples, 200, &pushed));
        CHECK(pushed <= 200);
        pushed_in_all += pushed;
        /* Full where nobody reads: told so, not waited for. */
        PeriphonStatus status = periphon_control_move(control, toned, cos(i), sin(i), 0.0, 0.01);
        CHECK(status == PERIPHON_STATUS_OK || status == PERIPHON_STATUS_LIMIT);
        if (i % 50 == 10) {
            status = periphon_control_set_room(control, i % 100 == 10 ? room : NULL, 0.05);
            CHECK(status == PERIPHON_STATUS_OK || status == PERIPHON_STATUS_LIMIT);
        }
        size_t tail;
        busy += periphon_engine_tail(audio.engine, &tail) == PERIPHON_STATUS_BUSY;
    }
    CHECK(pushed_in_all > 0);
    audio.stop = 1;
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(audio.heard > 0.0 && tone.wrong_thread > 0 && tone.busy == tone.wrong_thread);

    /* Removed, faded out, and released by the control, not by the block. */
    OK(periphon_control_remove(control, toned));
    float left[BLOCK], right[BLOCK];
    for (int i = 0; i < 40; i++)
        OK(periphon_engine_process(audio.engine, NULL, 0, left, right, BLOCK));
    CHECK(tone.released == 0);
    OK(periphon_control_tidy(control));
    CHECK(tone.released == 1);

    /* A feed without its engine says so. */
    int over = 7;
    uint64_t missing = 0;
    OK(periphon_feed_is_over(feed, &over));
    CHECK(over == 0);
    OK(periphon_feed_missing(feed, &missing));
    OK(periphon_feed_end(feed));
    OK(periphon_engine_free(audio.engine));
    OK(periphon_feed_is_over(feed, &over));
    CHECK(over == 1);
    FAILS(PERIPHON_STATUS_NULL, "samples", periphon_feed_push(feed, NULL, 5, &pushed_in_all));
    OK(periphon_feed_free(feed));
    CHECK(periphon_feed_push(feed, left, 5, &pushed_in_all) == PERIPHON_STATUS_HANDLE);
    CHECK(periphon_feed_end(NULL) == PERIPHON_STATUS_NULL);
    /* A control without its engine is harmless. */
    OK(periphon_control_set_room(control, room, 0.1));
    OK(periphon_control_free(control));
    OK(periphon_room_free(room));
    printf("threads: %d blocks, %d times busy\n", (int)audio.blocks, busy);
}

/* What is freed with an engine under way is released once. */
static void freed_under_way(void)
{
    PeriphonHead *head = small_head(44100.0);
    static struct tone tone;
    PeriphonSourceSpec spec;
    OK(periphon_source_init(&spec));
    PeriphonSource source = 0;
    PeriphonOptions options;
    OK(periphon_options_init(&options));
    options.space = 0;
    OK(periphon_engine_new(head, &options, &tone.engine, &tone.control));
    OK(periphon_control_add_callback(tone.control, &spec, fill, released, &tone, &source));
    float left[BLOCK], right[BLOCK];
    OK(periphon_engine_process(tone.engine, NULL, 0, left, right, BLOCK));
    OK(periphon_engine_free(tone.engine));
    CHECK(tone.released == 1);
    OK(periphon_control_free(tone.control));
    OK(periphon_head_free(head));
}

int main(void)
{
    two_threads();
    freed_under_way();
    return 0;
}
