/*
 * periphon: sources around a head, in rooms, to two ears.
 *
 * Made from the Rust sources by bindings/c/header; docs/embedding/c.md has an introduction.
 *
 * Handles are opaque and never followed: a null handle, one that has been freed, one of another kind, and one that
 * another thread is just using give a status. Pointers to samples, texts and structs have to be what is asked for: null
 * ones and unaligned ones are found, others cannot be.
 *
 * An engine has two halves. PeriphonEngine belongs to the audio thread: its functions neither allocate, nor lock, nor
 * wait. PeriphonControl is for any other thread; several may use it, and wait for each other. What may be called on the
 * audio thread says so.
 *
 * Metres and seconds; right-handed axes: x front, y left, z up. Angles in degrees: yaw left, pitch up, roll right ear
 * down are positive.
 */

#ifndef PERIPHON_H
#define PERIPHON_H

#include <stddef.h>
#include <stdint.h>

/**
 * What a call came to. `periphon_last_error` has the sentence that goes with anything but `PERIPHON_STATUS_OK`.
 */
typedef enum {
    /**
     * Done.
     */
    PERIPHON_STATUS_OK = 0,
    /**
     * A pointer that has to be there is null.
     */
    PERIPHON_STATUS_NULL = 1,
    /**
     * An argument is out of its range, or two contradict each other.
     */
    PERIPHON_STATUS_ARGUMENT = 2,
    /**
     * A handle that was never given out, has been freed, or is of another kind.
     */
    PERIPHON_STATUS_HANDLE = 3,
    /**
     * Another thread is just using this handle, or this call is made from within a call with it.
     */
    PERIPHON_STATUS_BUSY = 4,
    /**
     * A call that may wait or allocate was made from within a source's callback, on the audio thread.
     */
    PERIPHON_STATUS_WRONG_THREAD = 5,
    /**
     * The system refused: a missing file, no permission, a full disk.
     */
    PERIPHON_STATUS_IO = 6,
    /**
     * The data breaks its own format.
     */
    PERIPHON_STATUS_MALFORMED = 7,
    /**
     * The data is sound, but asks for something that this build cannot do.
     */
    PERIPHON_STATUS_UNSUPPORTED = 8,
    /**
     * There is no more room: for sources, handles, commands, or what the data asks for.
     */
    PERIPHON_STATUS_LIMIT = 9,
    /**
     * A defect in periphon, caught; the handles of this call are of no more use but to be freed.
     */
    PERIPHON_STATUS_DEFECT = 10,
} PeriphonStatus;

/**
 * The walls of a room.
 */
typedef enum {
    /**
     * x = 0
     */
    PERIPHON_WALL_BACK = 0,
    /**
     * x = length
     */
    PERIPHON_WALL_FRONT = 1,
    /**
     * y = 0
     */
    PERIPHON_WALL_RIGHT = 2,
    /**
     * y = width
     */
    PERIPHON_WALL_LEFT = 3,
    /**
     * z = 0
     */
    PERIPHON_WALL_FLOOR = 4,
    /**
     * z = height
     */
    PERIPHON_WALL_CEILING = 5,
    /**
     * All six.
     */
    PERIPHON_WALL_ALL = 6,
} PeriphonWall;

/**
 * The half of an engine that says what sounds where, who listens, and in which room. For any thread but the audio
 * thread. What is asked for takes effect with the next block.
 */
typedef struct PeriphonControl PeriphonControl;

/**
 * The half of an engine that belongs to the audio thread.
 */
typedef struct PeriphonEngine PeriphonEngine;

/**
 * The writing end of a source that plays what is pushed into it. For any one thread at a time, an audio thread too:
 * pushing neither allocates, nor locks, nor waits.
 */
typedef struct PeriphonFeed PeriphonFeed;

/**
 * A head: measured responses of two ears, prepared for one sample rate. Shared by all engines made with it, which keep
 * what they need of it: it may be freed as soon as the last one is made.
 */
typedef struct PeriphonHead PeriphonHead;

/**
 * A room: a shoebox `[0, x] x [0, y] x [0, z]` in metres, with walls, air and perhaps a wanted decay. A description that
 * engines copy: one room may be given to many, and freed at once.
 */
typedef struct PeriphonRoom PeriphonRoom;

/**
 * A track or a scene that is rendered block by block to memory. Reads files and allocates: never for the audio
 * thread. A library built without `files` has none of its functions.
 */
typedef struct PeriphonStream PeriphonStream;

/**
 * What an engine is made for. `periphon_options_init` fills it in; change what should differ.
 */
typedef struct {
    /**
     * Bytes of this struct, as `periphon_options_init` sets it: so that later versions can tell it from theirs.
     */
    size_t size;
    /**
     * The block that will be asked for, frames, 1 to 8192. Any other length may be rendered.
     */
    size_t max_block;
    /**
     * The most sources at once, 1 to 65536. Memory is set aside for all of them.
     */
    size_t max_sources;
    /**
     * Not 0: for rendering to a file. Motion does not depend on the length of the blocks.
     */
    int32_t offline;
    /**
     * Not 0: ready for rooms, directed and wide sources. 0: sources are points in the free field, which costs less.
     */
    int32_t space;
    /**
     * Not 0: distance delays the sound, and motion shifts its pitch. Needs `space`.
     */
    int32_t propagation;
    /**
     * The farthest distance whose delay is kept, metres, 1 to 10000: 1 MB for each source and 100 m at 48 kHz.
     */
    double reach_m;
    /**
     * Metres a second, 100 to 2000.
     */
    double speed_of_sound;
} PeriphonOptions;

/**
 * What a source is when it is added. `periphon_source_init` fills it in; change what should differ.
 */
typedef struct {
    /**
     * Bytes of this struct, as `periphon_source_init` sets it.
     */
    size_t size;
    /**
     * Metres: x front, y left, z up.
     */
    double position[3];
    /**
     * Linear; at 1 m a gain of 1 is the head's response unscaled.
     */
    double gain;
    /**
     * Not 0: the position is given in the head's frame, and turns with it.
     */
    int32_t head_locked;
    /**
     * Not 0: alike at both ears, without direction and distance.
     */
    int32_t everywhere;
    /**
     * Directivity: 1 omnidirectional, 0.5 cardioid, 0 figure of eight. Needs an engine with space.
     */
    double pattern;
    /**
     * Where it faces, of any length but 0.
     */
    double facing[3];
    /**
     * Degrees of width: 0 for a point to 360 for all around. Needs an engine with space.
     */
    double spread_deg;
    /**
     * Seconds in which it fades in if it is added while the engine runs.
     */
    double fade_in_s;
} PeriphonSourceSpec;

/**
 * A source of an engine; 0 is none. A source that has been removed is told from the next one in its place.
 */
typedef uint64_t PeriphonSource;

/**
 * Writes up to `frames` samples to `out` and returns how many; the rest is silence. Called on the audio thread, once a
 * block (more often for blocks longer than `max_block`): it must not wait, allocate, or leave by `longjmp` or an
 * exception. Of this library it may call only what is for the audio thread, and not with the same engine.
 */
typedef size_t (*PeriphonFill)(void *user, float *out, size_t frames);

/**
 * Frees what a callback works with. Called once, never inside a block.
 */
typedef void (*PeriphonRelease)(void *user);

/**
 * One place on a source's way.
 */
typedef struct {
    /**
     * Seconds on the engine's clock, which begins with its first frame; rising from key to key.
     */
    double t;
    /**
     * Metres.
     */
    double position[3];
} PeriphonKey;

/**
 * One pose on the listener's way.
 */
typedef struct {
    /**
     * Seconds on the engine's clock, which begins with its first frame; rising from pose to pose. Not looked at where a
     * single pose is asked for.
     */
    double t;
    /**
     * The middle of the head, metres.
     */
    double position[3];
    /**
     * How it is turned: a quaternion w, x, y, z of length 1. (1, 0, 0, 0) looks along +x with +z up.
     */
    double orientation[4];
} PeriphonPose;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * The sentence of the last call on this thread that failed: lower-case, what was expected, what came and where,
 * followed by lines that begin with `hint: `. Empty if none has failed. Belongs to the library and stays until the next
 * call on this thread that fails. Never null.
 */
const char *periphon_last_error(void);

/**
 * A status in a few words, for instance `argument out of range`. Belongs to the library. Never null.
 */
const char *periphon_status_text(int32_t status);

/**
 * The library's version, for instance `0.1.0`. Belongs to the library. Never null.
 */
const char *periphon_version(void);

/**
 * Opens a head for a sample rate in Hz: `ku100` or `kemar`, which are built in, or the path of a SOFA file. Not for the
 * audio thread.
 *
 * Precondition:
 * `name` is a string in UTF-8; `out` is where the handle goes.
 */
PeriphonStatus periphon_head_open(const char *name,
                                  double sample_rate,
                                  PeriphonHead **out);

/**
 * Reads a head from a SOFA file in memory, for a sample rate in Hz. Not for the audio thread.
 *
 * Precondition:
 * `data` points to `size` bytes; `out` is where the handle goes.
 */
PeriphonStatus periphon_head_from_sofa(const uint8_t *data,
                                       size_t size,
                                       double sample_rate,
                                       PeriphonHead **out);

/**
 * Makes a head from measured responses: `measurements` directions, each with x, y, z in metres from the middle of the
 * head (`positions`, three numbers each) and with `taps` samples for the left ear and as many for the right
 * (`responses`), measured at `measured_rate` Hz. Not for the audio thread.
 *
 * Precondition:
 * `positions` points to 3 * `measurements` numbers, `responses` to 2 * `taps` * `measurements`; `out` is where the
 * handle goes.
 */
PeriphonStatus periphon_head_from_responses(const double *positions,
                                            const float *responses,
                                            size_t measurements,
                                            size_t taps,
                                            double measured_rate,
                                            double sample_rate,
                                            PeriphonHead **out);

/**
 * The sample rate that a head is prepared for, Hz: that of its engines.
 *
 * Precondition:
 * `out` is where the number goes.
 */
PeriphonStatus periphon_head_sample_rate(const PeriphonHead *head, double *out);

/**
 * Frees a head; null is nothing to free. Not for the audio thread.
 */
PeriphonStatus periphon_head_free(PeriphonHead *head);

/**
 * A room by name: `car`, `studio`, `bedroom`, `living-room`, `club`, `theatre`, `concert-hall`, `cathedral`,
 * `open-air`. Not for the audio thread.
 *
 * Precondition:
 * `name` is a string in UTF-8; `out` is where the handle goes.
 */
PeriphonStatus periphon_room_preset(const char *name, PeriphonRoom **out);

/**
 * A shoebox of x, y and z metres (0.5 to 1000 each) whose walls all take the part `absorption` (0 to 1) of the energy
 * that meets them, with image sources up to third order, air and a late field. Not for the audio thread.
 *
 * Precondition:
 * `out` is where the handle goes.
 */
PeriphonStatus periphon_room_shoebox(double x,
                                     double y,
                                     double z,
                                     double absorption,
                                     PeriphonRoom **out);

/**
 * Sets the absorption of a wall (a `PeriphonWall`): seven parts of the energy, 0 to 1, for the octave bands from 125 to
 * 8000 Hz. Not for the audio thread.
 *
 * Precondition:
 * `absorption` points to seven numbers.
 */
PeriphonStatus periphon_room_set_wall(PeriphonRoom *room,
                                      int32_t wall,
                                      const double *absorption);

/**
 * Makes a wall (a `PeriphonWall`) of a material by name, such as `plaster`, `glass`, `curtain` or `carpet`. Not for the
 * audio thread.
 *
 * Precondition:
 * `name` is a string in UTF-8.
 */
PeriphonStatus periphon_room_set_material(PeriphonRoom *room,
                                          int32_t wall,
                                          const char *name);

/**
 * Sets the reverberation times wanted, seconds (0.05 to 30) in the seven octave bands; null for what walls and air make
 * it. Not for the audio thread.
 *
 * Precondition:
 * `t60` is null or points to seven numbers.
 */
PeriphonStatus periphon_room_set_t60(PeriphonRoom *room,
                                     const double *t60);

/**
 * Sets up to which order image sources are rendered one by one, 0 to 100, and whether a late field follows them. Not
 * for the audio thread.
 */
PeriphonStatus periphon_room_set_reflections(PeriphonRoom *room,
                                             size_t order,
                                             int32_t late);

/**
 * Sets the air: degrees Celsius (-20 to 50) and relative humidity in percent (10 to 100); with a humidity of 0 the air
 * takes nothing. Not for the audio thread.
 */
PeriphonStatus periphon_room_set_air(PeriphonRoom *room,
                                     double temperature_c,
                                     double humidity_percent);

/**
 * The size of a room in metres: x, y, z.
 *
 * Precondition:
 * `size` has room for three numbers.
 */
PeriphonStatus periphon_room_size(const PeriphonRoom *room, double *size);

/**
 * Frees a room; null is nothing to free. Not for the audio thread.
 */
PeriphonStatus periphon_room_free(PeriphonRoom *room);

/**
 * Fills in options with what is usual: blocks of 1024 frames, 32 sources, live, ready for rooms, no delays.
 *
 * Precondition:
 * `options` is where they go.
 */
PeriphonStatus periphon_options_init(PeriphonOptions *options);

/**
 * Makes an engine that hears with `head`: its half for the audio thread and its half for any other. Each is freed on
 * its own, in any order. Not for the audio thread.
 *
 * Precondition:
 * `options` is null, for what is usual, or filled in by `periphon_options_init`; `engine` and `control` are where the
 * handles go.
 */
PeriphonStatus periphon_engine_new(const PeriphonHead *head,
                                   const PeriphonOptions *options,
                                   PeriphonEngine **engine,
                                   PeriphonControl **control);

/**
 * Renders one block of `frames` frames, of any length. For the audio thread: neither allocates, nor locks, nor waits.
 *
 * `inputs[i]` points to the `frames` samples of the source whose `periphon_source_input` is i; null is silence, and so is
 * what is beyond `input_count`. Sources with a callback or a feed need none. Both ears are overwritten; they must not
 * overlap each other or the inputs. On any status but `PERIPHON_STATUS_OK` they are left as they were. What is not
 * finite is silenced and counted.
 *
 * Precondition:
 * `inputs` points to `input_count` pointers, each null or to `frames` samples; `left` and `right` have room for `frames`.
 */
PeriphonStatus periphon_engine_process(PeriphonEngine *engine,
                                       const float *const *inputs,
                                       size_t input_count,
                                       float *left,
                                       float *right,
                                       size_t frames);

/**
 * The sample rate of an engine, Hz. For the audio thread.
 *
 * Precondition:
 * `out` is where the number goes.
 */
PeriphonStatus periphon_engine_sample_rate(const PeriphonEngine *engine, double *out);

/**
 * Frames that sound after the last input has ended, as things are. For the audio thread.
 *
 * Precondition:
 * `out` is where the number goes.
 */
PeriphonStatus periphon_engine_tail(const PeriphonEngine *engine, size_t *out);

/**
 * Frees an engine; null is nothing to free. Not for the audio thread, and not while a block is under way: that gives
 * `PERIPHON_STATUS_BUSY`, and nothing is freed.
 */
PeriphonStatus periphon_engine_free(PeriphonEngine *engine);

/**
 * Fills in a source with what is usual: a point 1 m ahead of the origin that sends alike in all directions, at unit gain.
 *
 * Precondition:
 * `spec` is where it goes.
 */
PeriphonStatus periphon_source_init(PeriphonSourceSpec *spec);

/**
 * Which of `periphon_engine_process`'s inputs a source plays. For any thread.
 */
size_t periphon_source_input(PeriphonSource source);

/**
 * Adds a source that plays the engine's input `periphon_source_input`. It sounds from the next block on.
 *
 * Precondition:
 * `spec` is filled in by `periphon_source_init`; `out` is where the source goes.
 */
PeriphonStatus periphon_control_add(PeriphonControl *control,
                                    const PeriphonSourceSpec *spec,
                                    PeriphonSource *out);

/**
 * Adds a source whose samples `fill` makes on the audio thread. `release` may be null; otherwise it is called with
 * `user` once nothing calls `fill` any more: when the source has been removed and has faded out, when the engine is
 * freed, and also when this call fails. It is called by a thread that calls a function of the control or frees the
 * engine, never inside a block, and must not call this library.
 *
 * Precondition:
 * `spec` is filled in by `periphon_source_init`; `out` is where the source goes; `fill` and `release` are functions that
 * `user` may be handed to, on those threads.
 */
PeriphonStatus periphon_control_add_callback(PeriphonControl *control,
                                             const PeriphonSourceSpec *spec,
                                             PeriphonFill fill,
                                             PeriphonRelease release,
                                             void *user,
                                             PeriphonSource *out);

/**
 * Adds a source that plays what is pushed into a feed that holds `samples` samples (1 to 16777216). The source and the
 * feed end on their own: a source without a feed is silent, a feed without a source says so.
 *
 * Precondition:
 * `spec` is filled in by `periphon_source_init`; `out` and `feed` are where source and feed go.
 */
PeriphonStatus periphon_control_add_feed(PeriphonControl *control,
                                         const PeriphonSourceSpec *spec,
                                         size_t samples,
                                         PeriphonSource *out,
                                         PeriphonFeed **feed);

/**
 * Takes a source to x, y, z (metres) within `seconds` (0 to 3600) on a straight line.
 */
PeriphonStatus periphon_control_move(PeriphonControl *control,
                                     PeriphonSource source,
                                     double x,
                                     double y,
                                     double z,
                                     double seconds);

/**
 * Puts a source elsewhere at once: the old place fades out while the new one fades in.
 */
PeriphonStatus periphon_control_snap(PeriphonControl *control,
                                     PeriphonSource source,
                                     double x,
                                     double y,
                                     double z);

/**
 * Sends a source along a way of `count` keys, which it joins within `seconds` (0 to 3600): straight from key to key, before
 * the first in its place, and after the last.
 *
 * Precondition:
 * `keys` points to `count` keys.
 */
PeriphonStatus periphon_control_set_way(PeriphonControl *control,
                                        PeriphonSource source,
                                        const PeriphonKey *keys,
                                        size_t count,
                                        double seconds);

/**
 * Sends a source around a vertical axis through `centre`, from `start` (metres from the centre, at time 0) on, in
 * `seconds_per_turn` seconds counter-clockwise; negative turns clockwise.
 *
 * Precondition:
 * `centre` and `start` point to three numbers each.
 */
PeriphonStatus periphon_control_set_orbit(PeriphonControl *control,
                                          PeriphonSource source,
                                          const double *centre,
                                          const double *start,
                                          double seconds_per_turn,
                                          double seconds);

/**
 * Sets a source's gain, linear, without a click.
 */
PeriphonStatus periphon_control_set_gain(PeriphonControl *control, PeriphonSource source, double gain);

/**
 * Turns a source, or changes its pattern (1 omnidirectional, 0.5 cardioid, 0 figure of eight).
 *
 * Precondition:
 * `facing` points to three numbers.
 */
PeriphonStatus periphon_control_set_beam(PeriphonControl *control,
                                         PeriphonSource source,
                                         double pattern,
                                         const double *facing);

/**
 * Fades a source out and frees its place.
 */
PeriphonStatus periphon_control_remove(PeriphonControl *control, PeriphonSource source);

/**
 * Takes the listener to a pose within `seconds` (0 to 3600; 0.02 suits head trackers).
 *
 * Precondition:
 * `pose` points to a pose.
 */
PeriphonStatus periphon_control_set_listener(PeriphonControl *control,
                                             const PeriphonPose *pose,
                                             double seconds);

/**
 * Sends the listener along a way of `count` poses, joined within `seconds` (0 to 3600): straight, and turning at constant
 * speed, from pose to pose.
 *
 * Precondition:
 * `poses` points to `count` poses.
 */
PeriphonStatus periphon_control_set_listener_way(PeriphonControl *control,
                                                 const PeriphonPose *poses,
                                                 size_t count,
                                                 double seconds);

/**
 * Puts sources and listener in a room, or in the open where `room` is null, by a cross-fade of `seconds` (0 to 3600). The
 * engine must have been made with `space`. Takes some milliseconds.
 */
PeriphonStatus periphon_control_set_room(PeriphonControl *control,
                                         const PeriphonRoom *room,
                                         double seconds);

/**
 * Input samples that were not finite, or absurdly large, and have been silenced.
 *
 * Precondition:
 * `out` is where the number goes.
 */
PeriphonStatus periphon_control_non_finite(PeriphonControl *control, uint64_t *out);

/**
 * Frames that the engine has rendered.
 *
 * Precondition:
 * `out` is where the number goes.
 */
PeriphonStatus periphon_control_frames(PeriphonControl *control, uint64_t *out);

/**
 * Frees what the engine no longer needs, such as callbacks of sources that have faded out. Every other call does it too.
 */
PeriphonStatus periphon_control_tidy(PeriphonControl *control);

/**
 * Frees a control; null is nothing to free. Its engine goes on as it is.
 */
PeriphonStatus periphon_control_free(PeriphonControl *control);

/**
 * The quaternion (w, x, y, z) of a head turned left by `yaw`, then its nose up by `pitch`, then its right ear down by
 * `roll`; degrees. For any thread.
 *
 * Precondition:
 * `quaternion` has room for four numbers.
 */
PeriphonStatus periphon_orientation(double yaw,
                                    double pitch,
                                    double roll,
                                    double *quaternion);

/**
 * Queues `count` samples, or as many as there is room for, and says how many. For the audio thread too.
 *
 * Precondition:
 * `samples` points to `count` samples; `pushed` is where the number goes.
 */
PeriphonStatus periphon_feed_push(PeriphonFeed *feed, const float *samples, size_t count, size_t *pushed);

/**
 * Samples that there is room for. For the audio thread too.
 *
 * Precondition:
 * `out` is where the number goes.
 */
PeriphonStatus periphon_feed_room(PeriphonFeed *feed, size_t *out);

/**
 * Frames since the first sample in which nothing was there to be played. For the audio thread too.
 *
 * Precondition:
 * `out` is where the number goes.
 */
PeriphonStatus periphon_feed_missing(PeriphonFeed *feed, uint64_t *out);

/**
 * 1 once the source has been removed and plays nothing more, else 0. For the audio thread too.
 *
 * Precondition:
 * `out` is where the number goes.
 */
PeriphonStatus periphon_feed_is_over(PeriphonFeed *feed, int32_t *out);

/**
 * Says that what is queued is all there will be: what is missing behind it is not counted. For the audio thread too.
 */
PeriphonStatus periphon_feed_end(PeriphonFeed *feed);

/**
 * Frees a feed; null is nothing to free. What is queued is still played. Not for the audio thread.
 */
PeriphonStatus periphon_feed_free(PeriphonFeed *feed);

/**
 * Opens a track or a scene (`.toml`). `head` is a built-in head's name or a SOFA file, null for the usual one; `room`, null
 * for the usual one, is a room's name or file, or `none`; `sample_rate` is in Hz, 0 for the input's own. The samples are those of
 * `periphon render --loudness off --true-peak off --format f32`. Not for the audio thread.
 *
 * Precondition:
 * The texts are in UTF-8, or null where that is allowed; `out` is where the handle goes.
 */
PeriphonStatus periphon_stream_open(const char *path,
                                    const char *head,
                                    const char *room,
                                    uint32_t sample_rate,
                                    PeriphonStream **out);

/**
 * The sample rate of a stream, Hz.
 *
 * Precondition:
 * `out` is where the number goes.
 */
PeriphonStatus periphon_stream_sample_rate(PeriphonStream *stream, uint32_t *out);

/**
 * Frames in all, counted from the first; 0 where that is not known before the end.
 *
 * Precondition:
 * `out` is where the number goes.
 */
PeriphonStatus periphon_stream_frames(PeriphonStream *stream, uint64_t *out);

/**
 * Renders up to `frames` frames more into both ears and says how many there were: fewer only at the end. The lengths asked
 * for change nothing of what is heard.
 *
 * Precondition:
 * `left` and `right` have room for `frames` samples and do not overlap; `got` is where the number goes.
 */
PeriphonStatus periphon_stream_read(PeriphonStream *stream,
                                    float *left,
                                    float *right,
                                    size_t frames,
                                    size_t *got);

/**
 * Frees a stream; null is nothing to free.
 */
PeriphonStatus periphon_stream_free(PeriphonStream *stream);

#ifdef __cplusplus
} // extern "C"
#endif // __cplusplus

#endif /* PERIPHON_H */
