/*! \file
 *  \brief The core's text: a chain of buffers in SDRAM from which hosts read.
 */
#include "format.h"
#include "runtime.h"

/*! \brief Head of a buffer; sv->iobuf_size characters follow. */
struct buffer {
    struct buffer *next;
    uint seconds;
    uint milliseconds;
    uint used;
    char text[];
};

static struct buffer *last;
static char *string;

static struct buffer *new_buffer(void) {
    struct buffer *const buffer =
        sark_xalloc(sv->sys_heap, sizeof *buffer + sv->iobuf_size, 0, ALLOC_LOCK);
    if (buffer == NULL)
        rt_error(RTE_IOBUF);
    buffer->next = NULL;
    buffer->seconds = sv->unix_time;
    buffer->milliseconds = sv->time_ms;
    buffer->used = 0;
    return buffer;
}

static void put_in_buffer(char character) {
    if (last == NULL) {
        rt_core.vcpu->iobuf = last = new_buffer();
    } else if (last->used == sv->iobuf_size) {
        last->next = new_buffer();
        last = last->next;
    }
    last->text[last->used++] = character;
}

static void put_in_string(char character) {
    *string++ = character;
}

void io_printf(char *stream, char *format, ...) {
    if (stream == IO_NULL)
        return;
    va_list values;
    va_start(values, format);
    const uint mode = spin1_int_disable();
    if (stream > IO_NULL) {
        string = stream;
        rt_format(put_in_string, format, values);
        *string = 0;
    } else {
        rt_format(put_in_buffer, format, values);
    }
    spin1_mode_restore(mode);
    va_end(values);
}

void sark_io_buf_reset(void) {
    const uint mode = spin1_int_disable();
    struct buffer *rest = NULL;
    if (last != NULL) {
        last = rt_core.vcpu->iobuf;
        rest = last->next;
        last->next = NULL;
        last->used = 0;
    }
    spin1_mode_restore(mode);
    while (rest != NULL) {
        struct buffer *const next = rest->next;
        sark_xfree(sv->sys_heap, rest, ALLOC_LOCK);
        rest = next;
    }
}
