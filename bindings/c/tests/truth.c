/*
 * One truth, in C: renders tests/data/truth/walk.txt through the API and the scene beside the expected output, and
 * compares every bit with what Rust made of them (cargo run --example truth -- FOLDER).
 *
 * truth WALK.txt FOLDER
 */

#include "check.h"

#define MOST 8

struct sounding {
    char name[32];
    PeriphonSource source;
    uint32_t noise;
    int alive;
};

static float next_noise(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)((int32_t)*state >> 8) / 33554432.0f;
}

/* The next number of a line. */
static double number(char **line)
{
    char *end = NULL;
    double value = strtod(*line, &end);
    CHECK(end != *line);
    *line = end;
    return value;
}

static void numbers(char **line, double *to, int count)
{
    for (int i = 0; i < count; i++)
        to[i] = number(line);
}

static void word(char **line, char *to)
{
    int length = 0;
    CHECK(sscanf(*line, " %31s%n", to, &length) == 1);
    *line += length;
}

static PeriphonPose read_pose(char **line)
{
    PeriphonPose pose = {0};
    numbers(line, pose.position, 3);
    numbers(line, pose.orientation, 4);
    return pose;
}

static void compare(const char *folder, const char *name, const float *left, const float *right, size_t frames)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    CHECK(file != NULL);
    for (size_t n = 0; n < frames; n++) {
        float want[2];
        CHECK(fread(want, sizeof(float), 2, file) == 2);
        if (memcmp(&want[0], &left[n], sizeof(float)) != 0 || memcmp(&want[1], &right[n], sizeof(float)) != 0) {
            fprintf(stderr, "%s, frame %zu: %.9g %.9g here, %.9g %.9g there\n", name, n, left[n], right[n], want[0], want[1]);
            exit(1);
        }
    }
    CHECK(fgetc(file) == EOF);
    fclose(file);
    CHECK(energy(left, frames) > 0.0 && energy(right, frames) > 0.0);
    printf("truth: %s is the same to the bit (%zu frames)\n", name, frames);
}

static struct sounding *find(struct sounding *all, const char *name)
{
    for (int i = 0; i < MOST; i++)
        if (all[i].alive && strcmp(all[i].name, name) == 0)
            return &all[i];
    fprintf(stderr, "no source '%s'\n", name);
    exit(1);
}

static void step(char *line, PeriphonControl *control, struct sounding *all)
{
    char what[32], name[32];
    double v[10];
    word(&line, what);
    if (strcmp(what, "room") == 0) {
        PeriphonRoom *room = NULL;
        word(&line, name);
        OK(periphon_room_preset(name, &room));
        OK(periphon_control_set_room(control, room, number(&line)));
        OK(periphon_room_free(room));
    } else if (strcmp(what, "shoebox") == 0) {
        PeriphonRoom *room = NULL;
        numbers(&line, v, 6);
        OK(periphon_room_shoebox(v[1], v[2], v[3], v[4], &room));
        OK(periphon_room_set_reflections(room, (size_t)v[5], 1));
        OK(periphon_control_set_room(control, room, v[0]));
        OK(periphon_room_free(room));
    } else if (strcmp(what, "outside") == 0) {
        OK(periphon_control_set_room(control, NULL, number(&line)));
    } else if (strcmp(what, "path") == 0) {
        PeriphonPose poses[MOST];
        double seconds = number(&line);
        int count = (int)number(&line);
        CHECK(count <= MOST);
        for (int i = 0; i < count; i++) {
            double t = number(&line);
            poses[i] = read_pose(&line);
            poses[i].t = t;
        }
        OK(periphon_control_set_listener_way(control, poses, (size_t)count, seconds));
    } else if (strcmp(what, "listen") == 0) {
        double seconds = number(&line);
        PeriphonPose pose = read_pose(&line);
        OK(periphon_control_set_listener(control, &pose, seconds));
    } else if (strcmp(what, "add") == 0) {
        PeriphonSourceSpec spec;
        struct sounding added = {.alive = 1};
        word(&line, added.name);
        numbers(&line, v, 10);
        OK(periphon_source_init(&spec));
        memcpy(spec.position, &v[1], sizeof spec.position);
        spec.gain = v[4];
        spec.pattern = v[5];
        memcpy(spec.facing, &v[6], sizeof spec.facing);
        spec.spread_deg = v[9];
        added.noise = (uint32_t)v[0];
        OK(periphon_control_add(control, &spec, &added.source));
        all[periphon_source_input(added.source)] = added;
    } else if (strcmp(what, "way") == 0) {
        PeriphonKey keys[MOST];
        word(&line, name);
        double seconds = number(&line);
        int count = (int)number(&line);
        CHECK(count <= MOST);
        for (int i = 0; i < count; i++) {
            keys[i].t = number(&line);
            numbers(&line, keys[i].position, 3);
        }
        OK(periphon_control_set_way(control, find(all, name)->source, keys, (size_t)count, seconds));
    } else {
        word(&line, name);
        struct sounding *sounding = find(all, name);
        PeriphonSource source = sounding->source;
        if (strcmp(what, "move") == 0) {
            numbers(&line, v, 4);
            OK(periphon_control_move(control, source, v[0], v[1], v[2], v[3]));
        } else if (strcmp(what, "snap") == 0) {
            numbers(&line, v, 3);
            OK(periphon_control_snap(control, source, v[0], v[1], v[2]));
        } else if (strcmp(what, "gain") == 0) {
            OK(periphon_control_set_gain(control, source, number(&line)));
        } else if (strcmp(what, "beam") == 0) {
            numbers(&line, v, 4);
            OK(periphon_control_set_beam(control, source, v[0], &v[1]));
        } else if (strcmp(what, "remove") == 0) {
            /* It plays on while it fades out. */
            OK(periphon_control_remove(control, source));
            sounding->name[0] = '\0';
        } else {
            fprintf(stderr, "the walk does not know '%s'\n", what);
            exit(1);
        }
    }
}

/* The next line that says something; its frame is taken off. */
static char *next_line(FILE *file, char *line, int size, long *frame)
{
    while (fgets(line, size, file))
        if (line[0] != '#' && line[0] != '\n') {
            char *rest = line;
            *frame = strncmp(line, "setup", 5) == 0 ? -1 : strtol(line, &rest, 10);
            return rest;
        }
    return NULL;
}

static void walk(const char *path, const char *folder)
{
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    char line[1024];
    long at_frame;
    char *rest = next_line(file, line, sizeof line, &at_frame);
    CHECK(rest != NULL && at_frame == -1);
    rest += strlen("setup");
    double setup[5];
    numbers(&rest, setup, 5);
    size_t block = (size_t)setup[1], frames = (size_t)setup[3];
    CHECK(setup[2] <= MOST);

    PeriphonHead *head = NULL;
    PeriphonEngine *engine = NULL;
    PeriphonControl *control = NULL;
    PeriphonOptions options;
    OK(periphon_head_open("ku100", setup[0], &head));
    OK(periphon_options_init(&options));
    options.max_block = block;
    options.max_sources = (size_t)setup[2];
    options.offline = options.propagation = 1;
    options.reach_m = setup[4];
    OK(periphon_engine_new(head, &options, &engine, &control));
    OK(periphon_head_free(head));

    struct sounding all[MOST] = {0};
    float *planes = calloc(MOST * block, sizeof(float));
    float *left = calloc(frames, sizeof(float)), *right = calloc(frames, sizeof(float));
    CHECK(planes && left && right);
    rest = next_line(file, line, sizeof line, &at_frame);
    for (size_t at = 0; at < frames;) {
        while (rest && (size_t)at_frame == at) {
            step(rest, control, all);
            rest = next_line(file, line, sizeof line, &at_frame);
        }
        size_t to = at + block < frames ? at + block : frames;
        if (rest && (size_t)at_frame < to)
            to = (size_t)at_frame;
        const float *inputs[MOST] = {0};
        for (int i = 0; i < MOST; i++)
            if (all[i].alive) {
                float *plane = &planes[i * block];
                for (size_t n = 0; n < to - at; n++)
                    plane[n] = next_noise(&all[i].noise);
                inputs[i] = plane;
            }
        OK(periphon_engine_process(engine, inputs, options.max_sources, &left[at], &right[at], to - at));
        at = to;
    }
    fclose(file);
    compare(folder, "walk.f32", left, right, frames);
    free(planes);
    free(left);
    free(right);
    OK(periphon_control_free(control));
    OK(periphon_engine_free(engine));
}

static void scene(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/scene.toml", folder);
    PeriphonStream *stream = NULL;
    OK(periphon_stream_open(path, NULL, NULL, 0, &stream));
    uint32_t rate = 0;
    uint64_t frames = 0;
    OK(periphon_stream_sample_rate(stream, &rate));
    OK(periphon_stream_frames(stream, &frames));
    CHECK(rate == 48000 && frames == 72000);
    float *left = calloc(frames, sizeof(float)), *right = calloc(frames, sizeof(float));
    CHECK(left && right);
    /* Odd lengths: they change nothing. */
    size_t done = 0, got = 0;
    for (size_t ask = 1; done < frames; done += got, ask = ask * 3 % 5003 + 1) {
        size_t most = frames - done < ask ? frames - done : ask;
        OK(periphon_stream_read(stream, &left[done], &right[done], most, &got));
        CHECK(got == most);
    }
    float beyond[2][16];
    OK(periphon_stream_read(stream, beyond[0], beyond[1], 16, &got));
    CHECK(got == 0);
    compare(folder, "scene.f32", left, right, frames);
    free(left);
    free(right);
    OK(periphon_stream_free(stream));
    CHECK(periphon_stream_read(stream, beyond[0], beyond[1], 16, &got) == PERIPHON_STATUS_HANDLE);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: truth WALK.txt FOLDER\n");
        return 2;
    }
    walk(argv[1], argv[2]);
    scene(argv[2]);
    return 0;
}
