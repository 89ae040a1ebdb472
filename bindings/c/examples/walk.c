/*
 * A walk through a room, rendered to a WAV file: a guitar that stands, a voice that circles, a bell that comes and goes,
 * and a listener who walks past them. What to know of a client of periphon is in here.
 *
 *   cc walk.c $(pkg-config --cflags --libs periphon) -lm -o walk && ./walk walk.wav [SECONDS]
 */

#include <periphon.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RATE 48000
#define BLOCK 256

/* Every call returns a status; the sentence that goes with it says what is wrong. */
#define TRY(call)                                                                                    \
    do {                                                                                             \
        PeriphonStatus status_ = (call);                                                             \
        if (status_ != PERIPHON_STATUS_OK) {                                                         \
            fprintf(stderr, "walk: %s: %s\n", periphon_status_text(status_), periphon_last_error()); \
            exit(1);                                                                                 \
        }                                                                                            \
    } while (0)

/* A plucked string (Karplus and Strong, 1983), made on the audio thread. */
struct string {
    float memory[512];
    int length, at, clock;
    uint32_t noise;
};

static size_t pluck(void *user, float *out, size_t frames)
{
    struct string *s = user;
    static const int notes[] = {436, 346, 291, 346, 218, 291};
    for (size_t i = 0; i < frames; i++) {
        if (s->clock++ % (RATE / 3) == 0) {
            s->length = notes[s->clock / (RATE / 3) % 6];
            for (int n = 0; n < s->length; n++) {
                s->noise = s->noise * 1664525u + 1013904223u;
                s->memory[n] = (float)((int32_t)s->noise >> 8) / 16777216.0f;
            }
        }
        int next = (s->at + 1) % s->length;
        out[i] = s->memory[s->at % s->length];
        s->memory[s->at % s->length] = 0.498f * (s->memory[s->at % s->length] + s->memory[next]);
        s->at = next;
    }
    return frames;
}

static void write_header(FILE *file, uint32_t frames)
{
    /* Two channels of 32-bit float, little-endian as the samples are. */
    uint32_t words[] = {36 + 8 * frames, 16, 3 | 2 << 16, RATE, 8 * RATE, 8 | 32 << 16, 8 * frames};
    fwrite("RIFF", 1, 4, file);
    fwrite(&words[0], 4, 1, file);
    fwrite("WAVEfmt ", 1, 8, file);
    fwrite(&words[1], 4, 5, file);
    fwrite("data", 1, 4, file);
    fwrite(&words[6], 4, 1, file);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: walk OUT.wav [SECONDS]\n");
        return 2;
    }
    double seconds = argc > 2 ? atof(argv[2]) : 12.0;
    if (!(seconds > 0.1 && seconds < 3600.0)) {
        fprintf(stderr, "walk: the walk takes 0.1 to 3600 seconds\n");
        return 2;
    }

    /* A head, and an engine: one half for the audio thread (here the only one), one to steer it. */
    PeriphonHead *head;
    PeriphonEngine *engine;
    PeriphonControl *control;
    PeriphonOptions options;
    TRY(periphon_head_open("ku100", RATE, &head));
    TRY(periphon_options_init(&options));
    options.max_block = BLOCK;
    options.max_sources = 3;
    options.offline = options.propagation = 1;
    TRY(periphon_engine_new(head, &options, &engine, &control));
    TRY(periphon_head_free(head));

    /* A room of one's own: a curtain behind, a carpet below. */
    PeriphonRoom *room;
    TRY(periphon_room_shoebox(9.0, 7.0, 3.4, 0.12, &room));
    TRY(periphon_room_set_material(room, PERIPHON_WALL_BACK, "curtain"));
    TRY(periphon_room_set_material(room, PERIPHON_WALL_FLOOR, "carpet"));
    TRY(periphon_control_set_room(control, room, 0.0));
    TRY(periphon_room_free(room));

    /* The listener walks from the back to the front, and turns to the left on the way. */
    PeriphonPose way[3] = {
        {0.0, {1.0, 1.5, 1.6}, {0}}, {0.5 * seconds, {4.5, 2.2, 1.6}, {0}}, {seconds, {7.5, 4.5, 1.6}, {0}}};
    TRY(periphon_orientation(10.0, 0.0, 0.0, way[0].orientation));
    TRY(periphon_orientation(60.0, 5.0, 0.0, way[1].orientation));
    TRY(periphon_orientation(150.0, 0.0, 0.0, way[2].orientation));
    TRY(periphon_control_set_listener_way(control, way, 3, 0.0));

    /* A guitar by callback. It faces the back of the room. */
    static struct string string = {.noise = 1, .length = 436};
    PeriphonSourceSpec spec;
    PeriphonSource guitar, voice, bell = 0;
    TRY(periphon_source_init(&spec));
    spec.position[0] = 6.0, spec.position[1] = 1.5, spec.position[2] = 1.0;
    spec.pattern = 0.5;
    spec.facing[0] = -1.0;
    TRY(periphon_control_add_callback(control, &spec, pluck, NULL, &string, &guitar));

    /* A voice by blocks, circling the middle of the room once in nine seconds. */
    TRY(periphon_source_init(&spec));
    spec.gain = 0.5;
    TRY(periphon_control_add(control, &spec, &voice));
    TRY(periphon_control_set_orbit(control, voice, (double[]){4.5, 3.5, 1.6}, (double[]){0.0, 2.0, 0.0}, 9.0, 0.0));

    FILE *file = fopen(argv[1], "wb");
    if (!file) {
        perror(argv[1]);
        return 1;
    }
    uint32_t frames = (uint32_t)(seconds * RATE);
    write_header(file, frames);
    float left[BLOCK], right[BLOCK], samples[2][BLOCK], both[2 * BLOCK];
    for (uint32_t at = 0; at < frames; at += BLOCK) {
        uint32_t count = frames - at < BLOCK ? frames - at : BLOCK;
        /* Sources come and go at any time. */
        uint32_t beat = at / BLOCK % (3 * RATE / BLOCK);
        if (beat == RATE / BLOCK && !bell) {
            TRY(periphon_source_init(&spec));
            spec.position[0] = 2.0, spec.position[1] = 5.5, spec.position[2] = 2.2;
            TRY(periphon_control_add(control, &spec, &bell));
        } else if (beat == 2 * RATE / BLOCK && bell) {
            TRY(periphon_control_remove(control, bell));
            bell = 0;
        }
        for (uint32_t n = 0; n < count; n++) {
            double t = (double)(at + n) / RATE, two_pi = 8.0 * atan(1.0);
            double sung = t * 196.0 + 0.4 * sin(two_pi * 5.0 * t) / 5.0;
            samples[0][n] = (float)(0.15 * sin(two_pi * sung) + 0.1 * sin(two_pi * 2.0 * sung) + 0.05 * sin(two_pi * 5.0 * sung));
            samples[1][n] = (float)(0.4 * exp(-3.0 * fmod(t, 1.0)) * sin(two_pi * 1244.5 * t));
        }
        const float *inputs[3] = {NULL, NULL, NULL};
        inputs[periphon_source_input(voice)] = samples[0];
        if (bell)
            inputs[periphon_source_input(bell)] = samples[1];
        TRY(periphon_engine_process(engine, inputs, 3, left, right, count));
        for (uint32_t n = 0; n < count; n++) {
            both[2 * n] = left[n];
            both[2 * n + 1] = right[n];
        }
        if (fwrite(both, 8, count, file) != count) {
            perror(argv[1]);
            return 1;
        }
    }
    if (fclose(file) != 0) {
        perror(argv[1]);
        return 1;
    }
    TRY(periphon_control_free(control));
    TRY(periphon_engine_free(engine));
    printf("%s: %.1f s\n", argv[1], seconds);
    return 0;
}
