/*! \file
 *  \brief Structures that a core shares with the monitor and with hosts; memory, text, failure.
 *
 *  Names, layouts and values are those of the official header of this name; this is the part of it
 *  that machine vertices of sPyNNaker use.
 */
#ifndef EPROP_RUNTIME_SARK_H
#define EPROP_RUNTIME_SARK_H

#include "spinnaker.h"

/*! \brief Codes that a core leaves when it stops with an error. */
typedef enum rte_code {
    RTE_NONE = 0,
    RTE_RESET = 1,   /*!< jump to address 0 */
    RTE_UNDEF = 2,   /*!< undefined instruction */
    RTE_SVC = 3,     /*!< supervisor call, for which there is no handler */
    RTE_PABT = 4,    /*!< prefetch abort */
    RTE_DABT = 5,    /*!< data abort */
    RTE_IRQ = 6,     /*!< interrupt without handler */
    RTE_FIQ = 7,     /*!< fast interrupt without handler */
    RTE_VIC = 8,     /*!< interrupt line without handler */
    RTE_ABORT = 9,   /*!< the application gave up */
    RTE_MALLOC = 10, /*!< no memory */
    RTE_DIV0 = 11,   /*!< division by zero */
    RTE_EVENT = 12,
    RTE_SWERR = 13, /*!< an inconsistency that the software found */
    RTE_IOBUF = 14, /*!< no memory for text */
    RTE_ENABLE = 15,
    RTE_NULL = 16, /*!< null pointer */
    RTE_PKT = 17,
    RTE_TIMER = 18,
    RTE_API = 19, /*!< wrong use of this interface */
    RTE_VER = 20  /*!< the monitor is of another version */
} rte_code;

/*! \brief States of a core, as a host sees them. */
enum {
    CPU_STATE_RTE = 2,
    CPU_STATE_WAIT = 5,
    CPU_STATE_SARK = 6,
    CPU_STATE_RUN = 7,
    CPU_STATE_SYNC0 = 8,
    CPU_STATE_SYNC1 = 9,
    CPU_STATE_PAUSE = 10,
    CPU_STATE_EXIT = 11
};

/*! \brief Head of a block of a heap. The user's part follows. */
typedef struct block {
    struct block *next; /*!< the block that follows in memory */
    struct block *free; /*!< the next free block; in use: tag, application and a mark */
} block_t;

/*! \brief A heap; heaps of SDRAM are shared with the monitor, which frees what is left over. */
typedef struct heap {
    block_t *free;
    block_t *first;
    block_t *last;
    uint free_bytes;
} heap_t;

#define SDP_BUF_SIZE 256
#define NUM_SDP_PORTS 8
#define PORT_SHIFT 5
#define RC_OK 0x80
#define RC_LEN 0x81
#define RC_CMD 0x83
#define RC_ARG 0x84

/*! \brief A message; length counts from the flags on. */
typedef struct sdp_msg {
    struct sdp_msg *next;
    ushort length;
    ushort checksum;
    uchar flags;
    uchar tag;
    uchar dest_port;
    uchar srce_port;
    ushort dest_addr;
    ushort srce_addr;
    ushort cmd_rc;
    ushort seq;
    uint arg1;
    uint arg2;
    uint arg3;
    uchar data[SDP_BUF_SIZE];
    uint __PAD1;
} sdp_msg_t;

/*! \brief A core as hosts read it: state, registers of a failure, text, four user words. */
typedef struct vcpu {
    uint r[8];
    uint psr;
    uint sp;
    uint lr;
    uchar rt_code;
    uchar phys_cpu;
    volatile uchar cpu_state;
    uchar app_id;
    void *mbox_ap_msg;
    void *mbox_mp_msg;
    volatile uchar mbox_ap_cmd;
    volatile uchar mbox_mp_cmd;
    ushort sw_count;
    char *sw_file;
    uint sw_line;
    uint time;
    char app_name[16];
    void *iobuf;
    uint sw_ver;
    uint __PAD[4];
    uint user0;
    uint user1;
    uint user2;
    uint user3;
} vcpu_t;

/*! \brief The system's variables of a chip; parts that no application needs are gaps. */
typedef struct sv {
    volatile ushort p2p_addr;
    ushort gap_02[7];
    volatile uint64 clock_ms;
    volatile ushort time_ms;
    ushort gap_1a;
    volatile uint unix_time;
    uint gap_20;
    ushort cpu_clk; /*!< MHz */
    ushort mem_clk;
    uchar gap_28[3];
    uchar led_period;
    uint gap_2c[3];
    volatile int clock_drift; /*!< cycles per microsecond, 15.17 */
    uint gap_3c[3];
    heap_t *sysram_heap;
    heap_t *sdram_heap;
    uint iobuf_size;
    uint gap_54[5];
    sdp_msg_t *volatile shm_free; /*!< message buffers of the chip */
    volatile ushort shm_count;
    volatile ushort shm_max;
    uint gap_70[9];
    uchar p2v_map[20];
    uchar v2p_map[20];
    uint gap_bc[5];
    heap_t *sys_heap;
    uint gap_d4[6];
    volatile uint mbox_flags;
    uint gap_f0[3];
    uint sw_ver;
} sv_t;

static sv_t *const sv = (sv_t *)0xe5007f00u;
static vcpu_t *const sv_vcpu = (vcpu_t *)0xe5007000u;

/* the processor leaves no room for another layout; a host relies on this one */
typedef char vcpu_is_128_bytes[sizeof(vcpu_t) == 128 ? 1 : -1];
typedef char sv_is_256_bytes[sizeof(sv_t) == 256 ? 1 : -1];
typedef char sv_has_its_drift_at_38[offsetof(sv_t, clock_drift) == 0x38 ? 1 : -1];
typedef char sv_has_its_buffers_at_68[offsetof(sv_t, shm_free) == 0x68 ? 1 : -1];
typedef char sv_has_its_maps_at_94[offsetof(sv_t, p2v_map) == 0x94 ? 1 : -1];
typedef char sv_has_its_heap_at_d0[offsetof(sv_t, sys_heap) == 0xd0 ? 1 : -1];
typedef char sv_has_its_flags_at_ec[offsetof(sv_t, mbox_flags) == 0xec ? 1 : -1];

#define IO_STD ((char *)0)
#define IO_DBG ((char *)1)
#define IO_BUF ((char *)2)
#define IO_NULL ((char *)3)

/*! \brief Write text for the host, or to a string.
 *  \param[in] stream: IO_BUF (as are IO_STD and IO_DBG), IO_NULL, or the string's address
 *  \param[in] format: c s d u x z f K R k r and %, with width, zero padding and digits behind the
 *             point; k and K are s16.15 and u16.16, r and R s0.15 and u0.16, f is u16.16, z is
 *             hexadecimal of exactly as many digits as the width says
 */
void io_printf(char *stream, char *format, ...);

/*! \brief Empty the core's text. */
void sark_io_buf_reset(void);

/*! \brief Stop the core for good: registers and the code go to its vcpu block.
 *  \param[in] code: why, of rte_code
 */
void rt_error(uint code, ...) __attribute__((noreturn));

#define ALLOC_LOCK 1u
#define ALLOC_ID 2u

/*! \brief Take memory from a heap.
 *  \param[in] heap: sv->sdram_heap, for example
 *  \param[in] size: bytes
 *  \param[in] tag: 0; tagged memory is not implemented
 *  \param[in] flags: ALLOC_LOCK for a heap that others use, too; ALLOC_ID with the application's
 *             number in bits 8 to 15, or without it this core's application
 *  \return the memory, or NULL if there is none, or a tag was given
 */
void *sark_xalloc(heap_t *heap, uint size, uint tag, uint flags);

/*! \brief Give memory back.
 *  \param[in] heap: where it came from
 *  \param[in] memory: what sark_xalloc returned
 *  \param[in] flags: ALLOC_LOCK for a heap that others use, too
 */
void sark_xfree(heap_t *heap, void *memory, uint flags);

/*! \brief Size of the largest free block.
 *  \param[in] heap: the heap
 *  \param[in] flags: ALLOC_LOCK for a heap that others use, too
 *  \return bytes
 */
uint sark_heap_max(heap_t *heap, uint flags);

/*! \brief Take memory of the core's own, in DTCM.
 *  \param[in] count: number of items
 *  \param[in] size: bytes of each
 *  \return the memory, or NULL if there is none
 */
void *sark_alloc(uint count, uint size);

/*! \brief Give memory back that sark_alloc returned. */
void sark_free(void *memory);

/*! \brief Take a message buffer of the core's own; NULL if all are in use. */
sdp_msg_t *sark_msg_get(void);

/*! \brief Give a message buffer back. */
void sark_msg_free(sdp_msg_t *msg);

/*! \brief Send a message, which is copied.
 *  \param[in] msg: the message
 *  \param[in] timeout: milliseconds to wait for the monitor to take an earlier one
 *  \return 1, or 0 when it could not be sent
 */
uint sark_msg_send(sdp_msg_t *msg, uint timeout);

/*! \brief Wait, working.
 *  \param[in] microseconds: how long
 */
void sark_delay_us(uint microseconds);

/*! \brief Copy bytes; the memories must not overlap. */
void sark_mem_cpy(void *to, const void *from, uint bytes);

/*! \brief Number of the application, 0 to 255. */
uint sark_app_id(void);

/*! \brief Set the state that hosts see.
 *  \param[in] state: one of CPU_STATE_...
 */
void sark_cpu_state(uint state);

#endif
