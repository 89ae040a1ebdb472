/* Whatever is done wrong gives a status and a sentence, and everything goes on. */

#include "check.h"

#include <limits.h>

static float left[1024], right[1024];

static void texts(void)
{
    CHECK(strlen(periphon_version()) >= 5);
    for (int s = -2; s < 14; s++)
        CHECK(strlen(periphon_status_text(s)) > 3);
    CHECK(strcmp(periphon_last_error(), "") == 0);
}

static void heads(void)
{
    PeriphonHead *head = NULL;
    double rate = 0.0;
    FAILS(PERIPHON_STATUS_NULL, "null", periphon_head_open(NULL, 48000.0, &head));
    FAILS(PERIPHON_STATUS_NULL, "result", periphon_head_open("ku100", 48000.0, NULL));
    FAILS(PERIPHON_STATUS_ARGUMENT, "hint: built in", periphon_head_open("nobody", 48000.0, &head));
    FAILS(PERIPHON_STATUS_ARGUMENT, "UTF-8", periphon_head_open("\xff\xfe", 48000.0, &head));
    CHECK(periphon_head_open("no/such/head.sofa", 48000.0, &head) == PERIPHON_STATUS_IO);
    CHECK(periphon_head_from_sofa((const uint8_t *)"no SOFA at all", 14, 48000.0, &head) != PERIPHON_STATUS_OK);
    CHECK(periphon_head_from_sofa(NULL, 0, 48000.0, &head) != PERIPHON_STATUS_OK);
    FAILS(PERIPHON_STATUS_NULL, "null", periphon_head_from_sofa(NULL, 10, 48000.0, &head));
    double positions[3] = {1.0, NAN, 0.0};
    float responses[4] = {1.0f, 0.0f, 1.0f, 0.0f};
    CHECK(periphon_head_from_responses(positions, responses, 1, 2, 48000.0, 48000.0, &head) != PERIPHON_STATUS_OK);
    CHECK(periphon_head_from_responses(positions, responses, 1, 2, 48000.0, NAN, &head) != PERIPHON_STATUS_OK);
    CHECK(periphon_head_from_responses(NULL, NULL, 1, 2, 48000.0, 48000.0, &head) == PERIPHON_STATUS_NULL);
    CHECK(periphon_head_from_responses(positions, responses, SIZE_MAX, SIZE_MAX, 48000.0, 48000.0, &head) ==
          PERIPHON_STATUS_ARGUMENT);
    CHECK(periphon_head_from_responses(NULL, NULL, 0, 0, 48000.0, 48000.0, &head) != PERIPHON_STATUS_OK);
    CHECK(head == NULL);

    head = small_head(48000.0);
    OK(periphon_head_sample_rate(head, &rate));
    CHECK(rate == 48000.0);
    CHECK(periphon_head_sample_rate(head, NULL) == PERIPHON_STATUS_NULL);
    FAILS(PERIPHON_STATUS_HANDLE, "not a room", periphon_room_free((PeriphonRoom *)head));
    FAILS(PERIPHON_STATUS_HANDLE, "not a head", periphon_head_sample_rate((PeriphonHead *)&rate, &rate));
    OK(periphon_head_free(head));
    FAILS(PERIPHON_STATUS_HANDLE, "freed", periphon_head_free(head));
    FAILS(PERIPHON_STATUS_HANDLE, "freed", periphon_head_sample_rate(head, &rate));
    OK(periphon_head_free(NULL));
}

static void rooms(void)
{
    PeriphonRoom *room = NULL;
    double size[3], seven[7] = {0.1, 0.1, 0.2, 0.2, 0.3, 0.3, 7.0};
    FAILS(PERIPHON_STATUS_ARGUMENT, "hint: there are: car", periphon_room_preset("attic", &room));
    FAILS(PERIPHON_STATUS_ARGUMENT, "length", periphon_room_shoebox(NAN, 5.0, 3.0, 0.2, &room));
    FAILS(PERIPHON_STATUS_ARGUMENT, "absorption", periphon_room_shoebox(6.0, 5.0, 3.0, -1.0, &room));
    CHECK(room == NULL);
    OK(periphon_room_preset("club", &room));
    OK(periphon_room_size(room, size));
    CHECK(size[0] == 16.0);
    FAILS(PERIPHON_STATUS_NULL, "size", periphon_room_size(room, NULL));
    FAILS(PERIPHON_STATUS_ARGUMENT, "absorption", periphon_room_set_wall(room, PERIPHON_WALL_FLOOR, seven));
    seven[6] = 0.3;
    OK(periphon_room_set_wall(room, PERIPHON_WALL_ALL, seven));
    FAILS(PERIPHON_STATUS_ARGUMENT, "0 to 6, not 7", periphon_room_set_wall(room, 7, seven));
    FAILS(PERIPHON_STATUS_ARGUMENT, "not -1", periphon_room_set_wall(room, -1, seven));
    FAILS(PERIPHON_STATUS_NULL, "bands", periphon_room_set_wall(room, 0, NULL));
    OK(periphon_room_set_material(room, PERIPHON_WALL_LEFT, "curtain"));
    FAILS(PERIPHON_STATUS_ARGUMENT, "cheese", periphon_room_set_material(room, 0, "cheese"));
    FAILS(PERIPHON_STATUS_ARGUMENT, "order", periphon_room_set_reflections(room, 101, 1));
    FAILS(PERIPHON_STATUS_ARGUMENT, "temperature", periphon_room_set_air(room, 1000.0, 50.0));
    OK(periphon_room_set_air(room, 20.0, 0.0));
    seven[0] = NAN;
    FAILS(PERIPHON_STATUS_ARGUMENT, "t60", periphon_room_set_t60(room, seven));
    OK(periphon_room_set_t60(room, NULL));
    OK(periphon_room_free(room));
    CHECK(periphon_room_set_t60(room, NULL) == PERIPHON_STATUS_HANDLE);
    CHECK(periphon_room_set_t60(NULL, NULL) == PERIPHON_STATUS_NULL);
}

static void engines(void)
{
    PeriphonHead *head = small_head(48000.0);
    PeriphonEngine *engine = NULL;
    PeriphonControl *control = NULL;
    PeriphonOptions options;
    FAILS(PERIPHON_STATUS_NULL, "null", periphon_options_init(NULL));
    memset(&options, 0xee, sizeof options);
    FAILS(PERIPHON_STATUS_ARGUMENT, "periphon_options_init", periphon_engine_new(head, &options, &engine, &control));
    OK(periphon_options_init(&options));
    options.max_block = 100000;
    FAILS(PERIPHON_STATUS_ARGUMENT, "1 to 8192", periphon_engine_new(head, &options, &engine, &control));
    options.max_block = 64;
    options.max_sources = 0;
    FAILS(PERIPHON_STATUS_ARGUMENT, "sources", periphon_engine_new(head, &options, &engine, &control));
    options.max_sources = SIZE_MAX;
    FAILS(PERIPHON_STATUS_ARGUMENT, "sources", periphon_engine_new(head, &options, &engine, &control));
    options.max_sources = 2;
    options.propagation = 1;
    options.reach_m = NAN;
    FAILS(PERIPHON_STATUS_ARGUMENT, "reach", periphon_engine_new(head, &options, &engine, &control));
    options.space = 0;
    FAILS(PERIPHON_STATUS_ARGUMENT, "space", periphon_engine_new(head, &options, &engine, &control));
    options.propagation = 0;
    FAILS(PERIPHON_STATUS_NULL, "null", periphon_engine_new(NULL, &options, &engine, &control));
    FAILS(PERIPHON_STATUS_NULL, "result", periphon_engine_new(head, &options, NULL, &control));
    FAILS(PERIPHON_STATUS_NULL, "result", periphon_engine_new(head, &options, &engine, NULL));
    CHECK(engine == NULL && control == NULL);
    OK(periphon_engine_new(head, &options, &engine, &control));
    OK(periphon_head_free(head));

    /* Blocks. */
    const float *inputs[3] = {NULL, NULL, NULL};
    FAILS(PERIPHON_STATUS_NULL, "left", periphon_engine_process(engine, inputs, 2, NULL, right, 64));
    FAILS(PERIPHON_STATUS_NULL, "right", periphon_engine_process(engine, inputs, 2, left, NULL, 64));
    FAILS(PERIPHON_STATUS_NULL, "inputs", periphon_engine_process(engine, NULL, 2, left, right, 64));
    FAILS(PERIPHON_STATUS_ARGUMENT, "more inputs", periphon_engine_process(engine, inputs, 3, left, right, 64));
    FAILS(PERIPHON_STATUS_ARGUMENT, "same samples", periphon_engine_process(engine, inputs, 2, left, left + 10, 64));
    FAILS(PERIPHON_STATUS_ARGUMENT, "samples", periphon_engine_process(engine, NULL, 0, left, right, SIZE_MAX / 8 * 3));
    inputs[0] = left;
    FAILS(PERIPHON_STATUS_ARGUMENT, "one of the ears", periphon_engine_process(engine, inputs, 1, left, right, 64));
    inputs[0] = NULL;
    left[0] = 5.0f;
    OK(periphon_engine_process(engine, inputs, 2, left, right, 0));
    CHECK(left[0] == 5.0f);
    OK(periphon_engine_process(engine, inputs, 2, left, right, 64));
    CHECK(left[0] == 0.0f);
    FAILS(PERIPHON_STATUS_HANDLE, "not an engine",
          periphon_engine_process((PeriphonEngine *)control, inputs, 2, left, right, 64));

    /* Sources. */
    PeriphonSourceSpec spec;
    PeriphonSource source = 0, second = 0, third = 0;
    memset(&spec, 0, sizeof spec);
    FAILS(PERIPHON_STATUS_ARGUMENT, "periphon_source_init", periphon_control_add(control, &spec, &source));
    OK(periphon_source_init(&spec));
    FAILS(PERIPHON_STATUS_NULL, "struct", periphon_control_add(control, NULL, &source));
    FAILS(PERIPHON_STATUS_NULL, "result", periphon_control_add(control, &spec, NULL));
    spec.position[1] = INFINITY;
    FAILS(PERIPHON_STATUS_ARGUMENT, "finite", periphon_control_add(control, &spec, &source));
    OK(periphon_source_init(&spec));
    spec.facing[0] = 0.0;
    FAILS(PERIPHON_STATUS_ARGUMENT, "faces", periphon_control_add(control, &spec, &source));
    OK(periphon_source_init(&spec));
    spec.pattern = 2.0;
    FAILS(PERIPHON_STATUS_ARGUMENT, "pattern", periphon_control_add(control, &spec, &source));
    OK(periphon_source_init(&spec));
    CHECK(source == 0);
    OK(periphon_control_add(control, &spec, &source));
    CHECK(source != 0 && periphon_source_input(source) == 0);
    OK(periphon_control_add(control, &spec, &second));
    FAILS(PERIPHON_STATUS_LIMIT, "all 2 sources", periphon_control_add(control, &spec, &third));

    FAILS(PERIPHON_STATUS_ARGUMENT, "finite", periphon_control_move(control, source, NAN, 0.0, 0.0, 0.0));
    FAILS(PERIPHON_STATUS_ARGUMENT, "3600", periphon_control_move(control, source, 1.0, 0.0, 0.0, -1.0));
    FAILS(PERIPHON_STATUS_ARGUMENT, "removed", periphon_control_move(control, 0, 1.0, 0.0, 0.0, 0.0));
    FAILS(PERIPHON_STATUS_ARGUMENT, "removed", periphon_control_snap(control, UINT64_MAX, 1.0, 0.0, 0.0));
    FAILS(PERIPHON_STATUS_ARGUMENT, "gain", periphon_control_set_gain(control, source, NAN));
    FAILS(PERIPHON_STATUS_NULL, "keys", periphon_control_set_way(control, source, NULL, 3, 0.0));
    FAILS(PERIPHON_STATUS_ARGUMENT, "at least one", periphon_control_set_way(control, source, NULL, 0, 0.0));
    PeriphonKey keys[2] = {{1.0, {0.0, 0.0, 0.0}}, {0.5, {1.0, 0.0, 0.0}}};
    FAILS(PERIPHON_STATUS_ARGUMENT, "key 1", periphon_control_set_way(control, source, keys, 2, 0.0));
    double three[3] = {1.0, 0.0, 0.0};
    FAILS(PERIPHON_STATUS_NULL, "three numbers", periphon_control_set_orbit(control, source, NULL, three, 8.0, 0.0));
    FAILS(PERIPHON_STATUS_ARGUMENT, "turn", periphon_control_set_orbit(control, source, three, three, 0.0, 0.0));
    FAILS(PERIPHON_STATUS_NULL, "three numbers", periphon_control_set_beam(control, source, 0.5, NULL));
    PeriphonPose pose = {0.0, {0.0, 0.0, 0.0}, {0.0, 0.0, 0.0, 0.0}};
    FAILS(PERIPHON_STATUS_NULL, "struct", periphon_control_set_listener(control, NULL, 0.0));
    FAILS(PERIPHON_STATUS_ARGUMENT, "quaternion", periphon_control_set_listener(control, &pose, 0.0));
    pose.orientation[0] = NAN;
    FAILS(PERIPHON_STATUS_ARGUMENT, "finite", periphon_control_set_listener(control, &pose, 0.0));
    FAILS(PERIPHON_STATUS_ARGUMENT, "finite", periphon_orientation(NAN, 0.0, 0.0, pose.orientation));
    FAILS(PERIPHON_STATUS_NULL, "quaternion", periphon_orientation(0.0, 0.0, 0.0, NULL));
    OK(periphon_orientation(90.0, 0.0, 0.0, pose.orientation));
    OK(periphon_control_set_listener(control, &pose, 0.02));
    FAILS(PERIPHON_STATUS_ARGUMENT, "at least one", periphon_control_set_listener_way(control, NULL, 0, 0.0));
    PeriphonRoom *room = NULL;
    OK(periphon_room_shoebox(6.0, 5.0, 3.0, 0.3, &room));
    FAILS(PERIPHON_STATUS_ARGUMENT, "without space", periphon_control_set_room(control, room, 0.1));
    FAILS(PERIPHON_STATUS_HANDLE, "not a room", periphon_control_set_room(control, (PeriphonRoom *)engine, 0.1));
    OK(periphon_room_free(room));

    /* What is not finite is silenced and counted. */
    float bad[64] = {NAN, INFINITY, 1e30f};
    uint64_t count = 0;
    inputs[0] = bad;
    OK(periphon_engine_process(engine, inputs, 1, left, right, 64));
    CHECK(energy(left, 64) == 0.0);
    OK(periphon_control_non_finite(control, &count));
    CHECK(count == 3);
    OK(periphon_control_frames(control, &count));
    CHECK(count == 128);
    CHECK(periphon_control_frames(control, NULL) == PERIPHON_STATUS_NULL);

    /* After the end. */
    OK(periphon_control_remove(control, source));
    FAILS(PERIPHON_STATUS_ARGUMENT, "removed", periphon_control_remove(control, source));
    OK(periphon_control_free(control));
    FAILS(PERIPHON_STATUS_HANDLE, "freed", periphon_control_remove(control, second));
    FAILS(PERIPHON_STATUS_HANDLE, "freed", periphon_control_free(control));
    OK(periphon_engine_process(engine, inputs, 1, left, right, 64));
    OK(periphon_engine_free(engine));
    FAILS(PERIPHON_STATUS_HANDLE, "freed", periphon_engine_process(engine, inputs, 1, left, right, 64));
    FAILS(PERIPHON_STATUS_HANDLE, "freed", periphon_engine_free(engine));
    double rate;
    size_t frames;
    CHECK(periphon_engine_sample_rate(engine, &rate) == PERIPHON_STATUS_HANDLE);
    CHECK(periphon_engine_tail(engine, &frames) == PERIPHON_STATUS_HANDLE);
}

static void streams(void)
{
    PeriphonStream *stream = NULL;
    size_t got = 0;
    CHECK(periphon_stream_open("no/such/scene.toml", NULL, NULL, 0, &stream) == PERIPHON_STATUS_IO);
    CHECK(periphon_stream_open(NULL, NULL, NULL, 0, &stream) == PERIPHON_STATUS_NULL);
    CHECK(periphon_stream_open("x", NULL, NULL, 7, &stream) == PERIPHON_STATUS_ARGUMENT);
    CHECK(periphon_stream_read(NULL, left, right, 10, &got) == PERIPHON_STATUS_NULL);
    CHECK(stream == NULL);
    OK(periphon_stream_free(NULL));
}

static void tables_are_bounded(void)
{
    /* A program that forgets to free is told so, and nothing else breaks. */
    static PeriphonRoom *all[1024];
    PeriphonRoom *more = NULL;
    for (int i = 0; i < 1024; i++)
        OK(periphon_room_shoebox(6.0, 5.0, 3.0, 0.3, &all[i]));
    FAILS(PERIPHON_STATUS_LIMIT, "1024 handles", periphon_room_shoebox(6.0, 5.0, 3.0, 0.3, &more));
    for (int i = 0; i < 1024; i++)
        OK(periphon_room_free(all[i]));
    OK(periphon_room_shoebox(6.0, 5.0, 3.0, 0.3, &more));
    for (int i = 0; i < 1024; i++)
        CHECK(periphon_room_free(all[i]) == PERIPHON_STATUS_HANDLE);
    OK(periphon_room_free(more));
}

int main(void)
{
    texts();
    heads();
    rooms();
    engines();
    streams();
    tables_are_bounded();
    puts("misuse: every mistake got its status");
    return 0;
}
