/*! \file
 *  \brief An application that uses every part of the interfaces that the runtime implements, and
 *         records what happens. Tests run it on the own runtime and on the official libraries.
 *
 *  Every step it sends a packet with and one without payload, moves a row of SDRAM to DTCM and
 *  back, raises a user event and schedules a callback. It counts and sums up what arrives. The
 *  host's side is tests/spinnaker/exerciser.py.
 */
#include <data_specification.h>
#include <debug.h>
#include <recording.h>
#include <simulation.h>
#include <spin1_api.h>

enum region { SYSTEM, RECORDING, PROVENANCE, SETTINGS, ROWS };
enum channel { STEPS, EVENTS };
enum priority { PACKETS = -1, TRANSFERS = 0, MESSAGES = 1, TICKS = 2, LATER = 3 };
enum tag { ROW_READ = 1, ROW_WRITTEN = 2, WORD_READ = 3 };
enum kind { KEY = 1, KEY_WITH_PAYLOAD, ROW, MESSAGE, USER, SCHEDULED };
enum { PORT = 2, TEXT_PORT = 4, HEAP_PORT = 5, ROW_WORDS = 32, WAITING = 256 };
enum heap_command { TAKE, GIVE, LARGEST };

/*! \brief What goes wrong on purpose, and in which step. */
enum failure {
    NO_FAILURE,
    FAIL_WITH_CODE,
    FAIL_READING,
    FAIL_READING_IN_PACKET,
    FAIL_JUMPING_TO_ZERO,
    FAIL_WITH_FULL_MEMORY,
    FAIL_BY_STAYING
};

/*! \brief What packets without payload make the application do, beside counting them. */
enum packet_work { NOTHING, START_TRANSFER, SCHEDULE, SEND };

struct settings {
    uint32_t sends; /*!< whether it has a key */
    uint32_t key;
    uint32_t rows;
    uint32_t failure;
    uint32_t failure_step;
    uint32_t packets_priority; /*!< as int: -1, 0 or 1 */
    uint32_t work;             /*!< rounds of a loop in every step */
    uint32_t packet_work;
};

/*! \brief One record of channel STEPS. */
struct step {
    uint32_t time;
    uint32_t packets;
    uint32_t payloads;
    uint32_t packet_sum;
    uint32_t transfers;
    uint32_t row_sum;
    uint32_t messages;
    uint32_t message_sum;
    uint32_t user_events;
    uint32_t scheduled;
    uint32_t asked; /*!< what packets made it do, and did not fail at once */
    uint32_t done;  /*!< what came of that */
};

static struct settings settings;
static struct step counts;
static uint32_t *rows;
static uint32_t *row;
static uint32_t time, end, infinite, runs;

/*! \brief Events in the order in which they came, recorded and emptied every step. */
static struct {
    uint32_t entries[WAITING][3];
    volatile uint32_t count;
    uint32_t lost;
} seen;

static void note(uint32_t kind, uint32_t first, uint32_t second) {
    const uint mode = spin1_int_disable();
    if (seen.count < WAITING) {
        seen.entries[seen.count][0] = kind;
        seen.entries[seen.count][1] = first;
        seen.entries[seen.count][2] = second;
        seen.count++;
    } else {
        seen.lost++;
    }
    spin1_mode_restore(mode);
}

/*! \brief A sum that depends on the order. */
static uint32_t mix(uint32_t sum, uint32_t value) {
    return sum * 31u + value;
}

static void fail_reading(void) {
    *(volatile uint32_t *)0x90000000u;
}

static void ended(uint first, uint second) {
    (void)first;
    (void)second;
    counts.done++;
}

static uint32_t word;

static void work_for_packet(uint key) {
    switch (settings.packet_work) {
    case START_TRANSFER:
        counts.asked += spin1_dma_transfer(WORD_READ, rows, &word, DMA_READ, sizeof word) != 0;
        break;
    case SCHEDULE:
        counts.asked += spin1_schedule_callback(ended, key, 0, LATER);
        break;
    case SEND:
        counts.asked += spin1_send_mc_packet(~key, key, WITH_PAYLOAD);
        break;
    default:
        break;
    }
}

static void packet(uint key, uint unused) {
    (void)unused;
    if (settings.failure == FAIL_READING_IN_PACKET && time >= settings.failure_step)
        fail_reading();
    counts.packets++;
    counts.packet_sum = mix(counts.packet_sum, key);
    note(KEY, key, 0);
    work_for_packet(key);
}

static void packet_with_payload(uint key, uint payload) {
    counts.payloads++;
    counts.packet_sum = mix(counts.packet_sum, key ^ payload);
    note(KEY_WITH_PAYLOAD, key, payload);
}

static uint32_t *place_of(uint32_t step) {
    return rows + step % settings.rows * ROW_WORDS;
}

static void row_read(uint number, uint tag) {
    (void)number;
    uint32_t sum = 0;
    for (uint32_t i = 0; i < ROW_WORDS; i++) {
        sum = mix(sum, row[i]);
        row[i] += time + 1;
    }
    counts.row_sum = sum;
    note(ROW, tag, sum);
    spin1_dma_transfer(ROW_WRITTEN, place_of(time), row, DMA_WRITE, ROW_WORDS * sizeof row[0]);
}

static void row_written(uint number, uint tag) {
    (void)number;
    (void)tag;
    counts.transfers++;
}

static void answer(sdp_msg_t *msg) {
    const ushort address = msg->dest_addr;
    const uchar to = msg->dest_port;
    msg->dest_addr = msg->srce_addr;
    msg->dest_port = msg->srce_port;
    msg->srce_addr = address;
    msg->srce_port = to;
    msg->flags = 0x07;
    msg->cmd_rc = 0x80;
    if (!spin1_send_sdp_msg(msg, 10))
        log_error("no answer was sent");
    spin1_msg_free(msg);
}

/*! \brief Answer with the message's bytes backwards. */
static void message(uint mailbox, uint port) {
    sdp_msg_t *const msg = (sdp_msg_t *)mailbox;
    (void)port;
    const uint32_t bytes = msg->length - 24u;
    counts.messages++;
    for (uint32_t i = 0; i < bytes; i++)
        counts.message_sum = mix(counts.message_sum, msg->data[i]);
    note(MESSAGE, bytes, counts.message_sum);
    for (uint32_t i = 0; i < bytes / 2; i++) {
        const uchar byte = msg->data[i];
        msg->data[i] = msg->data[bytes - 1 - i];
        msg->data[bytes - 1 - i] = byte;
    }
    answer(msg);
}

/*! \brief Answer with the message as a format, filled with its arguments. */
static void format_text(uint mailbox, uint port) {
    sdp_msg_t *const msg = (sdp_msg_t *)mailbox;
    (void)port;
    static char text[SDP_BUF_SIZE];
    io_printf(text, (char *)msg->data, msg->arg1, msg->arg2, msg->arg3);
    uint32_t length = 0;
    while (text[length] != 0)
        length++;
    spin1_memcpy(msg->data, text, length);
    msg->length = (ushort)(24 + length);
    answer(msg);
}

/*! \brief Take memory of DTCM, give it back, or report how much there is. */
static void use_heap(uint mailbox, uint port) {
    sdp_msg_t *const msg = (sdp_msg_t *)mailbox;
    (void)port;
    switch (msg->arg1) {
    case TAKE:
        msg->arg1 = (uint)spin1_malloc(msg->arg2);
        break;
    case GIVE:
        sark_free((void *)msg->arg2);
        break;
    default:
        msg->arg1 = sark_heap_max(sv->sdram_heap, ALLOC_LOCK);
        break;
    }
    answer(msg);
}

static void user_event(uint first, uint second) {
    counts.user_events++;
    note(USER, first, second);
}

static void scheduled(uint first, uint second) {
    counts.scheduled++;
    note(SCHEDULED, first, second);
}

static void store_provenance(address_t provenance) {
    provenance[0] = counts.packets;
    provenance[1] = counts.payloads;
    provenance[2] = counts.transfers;
    provenance[3] = runs;
    provenance[4] = seen.lost;
}

/*! \brief Before a run: from time 0 if the host has reset it. */
static void resume(void) {
    runs++;
    recording_reset();
    if (time == UINT32_MAX)
        counts = (struct step){0};
}

static void fail(void) {
    switch (settings.failure) {
    case FAIL_WITH_CODE:
        log_error("failure %u at step %u, as asked", settings.failure, time);
        rt_error(RTE_SWERR);
        break;
    case FAIL_READING:
        fail_reading();
        break;
    case FAIL_JUMPING_TO_ZERO:
        ((void (*)(void))0)();
        break;
    case FAIL_WITH_FULL_MEMORY:
        while (spin1_malloc(1024) != NULL) {
        }
        log_error("memory is full");
        rt_error(RTE_MALLOC);
        break;
    case FAIL_BY_STAYING:
        spin1_delay_us(5000); /* 2.5 ms on the emulated board: 2 instructions take 4 cycles */
        break;
    default:
        break;
    }
}

static void send(uint32_t key, uint32_t payload, uint load) {
    while (!spin1_send_mc_packet(key, payload, load))
        spin1_delay_us(1);
}

static void record_events(void) {
    const uint mode = spin1_int_disable();
    if (seen.count > 0)
        recording_record(EVENTS, seen.entries, seen.count * sizeof seen.entries[0]);
    seen.count = 0;
    spin1_mode_restore(mode);
}

static void pause(void) {
    record_events();
    recording_finalise();
    simulation_handle_pause_resume(resume);
    simulation_ready_to_read();
}

static void work(void) {
    for (volatile uint32_t i = 0; i < settings.work; i++) {
    }
}

static void tick(uint ticks, uint unused) {
    (void)ticks;
    (void)unused;
    time++;
    if (simulation_is_finished()) {
        pause();
        return;
    }
    if (settings.failure != NO_FAILURE && time == settings.failure_step)
        fail();
    counts.time = time;
    const uint mode = spin1_int_disable();
    const struct step step = counts;
    spin1_mode_restore(mode);
    recording_record(STEPS, (void *)&step, sizeof step);
    record_events();
    if (settings.sends) {
        send(settings.key, 0, NO_PAYLOAD);
        send(settings.key | 1, time, WITH_PAYLOAD);
    }
    spin1_dma_transfer(ROW_READ, place_of(time), row, DMA_READ, ROW_WORDS * sizeof row[0]);
    spin1_trigger_user_event(time, ~time);
    spin1_schedule_callback(scheduled, time, 3, LATER);
    work();
}

static bool read_data(uint32_t *period) {
    data_specification_metadata_t *const data = data_specification_get_data_address();
    if (!data_specification_read_header(data))
        return false;
    if (!simulation_initialise(data_specification_get_region(SYSTEM, data),
                               APPLICATION_NAME_HASH, period, &end, &infinite, &time, MESSAGES,
                               TRANSFERS))
        return false;
    void *recording = data_specification_get_region(RECORDING, data);
    uint32_t flags;
    if (!recording_initialize(&recording, &flags))
        return false;
    log_info("channels %x", flags);
    simulation_set_provenance_function(store_provenance,
                                       data_specification_get_region(PROVENANCE, data));
    spin1_memcpy(&settings, data_specification_get_region(SETTINGS, data), sizeof settings);
    rows = data_specification_get_region(ROWS, data);
    row = spin1_malloc(ROW_WORDS * sizeof row[0]);
    return row != NULL;
}

void c_main(void) {
    uint32_t period;
    if (!read_data(&period)) {
        log_error("the data cannot be used");
        rt_error(RTE_SWERR);
    }
    time = UINT32_MAX;
    runs = 1;
    spin1_set_timer_tick(period);
    spin1_callback_on(TIMER_TICK, tick, TICKS);
    spin1_callback_on(MC_PACKET_RECEIVED, packet, (int)settings.packets_priority);
    spin1_callback_on(MCPL_PACKET_RECEIVED, packet_with_payload, (int)settings.packets_priority);
    spin1_callback_on(USER_EVENT, user_event, LATER);
    simulation_sdp_callback_on(PORT, message);
    simulation_sdp_callback_on(TEXT_PORT, format_text);
    simulation_sdp_callback_on(HEAP_PORT, use_heap);
    simulation_dma_transfer_done_callback_on(ROW_READ, row_read);
    simulation_dma_transfer_done_callback_on(ROW_WRITTEN, row_written);
    simulation_dma_transfer_done_callback_on(WORD_READ, ended);
    log_info("text: %d %u %08x %c %s %5.3k %%", -7, 7u, 0xabcu, 'c', "s", 3 << 13);
    simulation_run();
}
