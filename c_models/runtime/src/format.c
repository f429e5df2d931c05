/*! \file
 *  \brief Numbers as text: integers, hexadecimal, and fixed point with rounded digits.
 */
#include "format.h"

enum { MOST_DIGITS = 9, ROOM = 32 };

/*! \brief A place in a text: what to write and how. */
struct field {
    char padding;
    uint width;
    uint digits;
    char kind;
};

/*! \brief Digits of a number, written backwards from the end of a buffer.
 *  \return the first of them
 */
static char *digits_of(char *end, uint value, uint base) {
    do {
        *--end = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    return end;
}

/*! \brief Text of a number with 16 bits behind the point. */
static char *fixed_point(char *end, uint value, uint digits) {
    uint scale = 1;
    if (digits > MOST_DIGITS)
        digits = MOST_DIGITS;
    for (uint i = 0; i < digits; i++)
        scale *= 10;
    uint whole = value >> 16;
    uint fraction = (uint)(((uint64)(value & 0xffff) * scale + 0x8000) >> 16);
    if (fraction >= scale) {
        fraction -= scale;
        whole++;
    }
    for (uint i = 0; i < digits; i++, fraction /= 10)
        *--end = (char)('0' + fraction % 10);
    if (digits > 0)
        *--end = '.';
    return digits_of(end, whole, 10);
}

static bool is_signed(char kind) {
    return kind == 'd' || kind == 'k' || kind == 'r';
}

/*! \brief Text of a value, written backwards from the end of a buffer. */
static char *value_text(char *end, const struct field *field, uint value) {
    const bool negative = is_signed(field->kind) && (int)value < 0;
    if (negative)
        value = 0u - value;
    switch (field->kind) {
    case 'd':
    case 'u':
        end = digits_of(end, value, 10);
        break;
    case 'x':
        end = digits_of(end, value, 16);
        break;
    case 'z': /* so many digits, not more */
        if (field->width > 0 && field->width < 8)
            value &= (1u << 4 * field->width) - 1;
        end = digits_of(end, value, 16);
        break;
    case 'c':
        *--end = (char)value;
        break;
    case 'k':
    case 'r':
        end = fixed_point(end, value << 1, field->digits);
        break;
    case 'K':
    case 'R':
    case 'f':
        end = fixed_point(end, value, field->digits);
        break;
    default:
        *--end = '?';
        break;
    }
    if (negative)
        *--end = '-';
    return end;
}

static void put_padded(rt_put put, const struct field *field, const char *text, uint length) {
    uint missing = field->width > length ? field->width - length : 0;
    if (field->padding == '0' && length > 0 && *text == '-') {
        put(*text++);
        length--;
    }
    while (missing-- > 0)
        put(field->padding);
    while (length-- > 0)
        put(*text++);
}

static uint number_in(const char **format) {
    uint number = 0;
    for (; **format >= '0' && **format <= '9'; (*format)++)
        number = number * 10 + (uint)(**format - '0');
    return number;
}

/*! \brief Read what stands behind a percent sign. */
static struct field read_field(const char **format) {
    struct field field = {.padding = **format == '0' ? '0' : ' ', .digits = 6};
    field.width = number_in(format);
    if (**format == '.') {
        (*format)++;
        field.digits = number_in(format);
    }
    field.kind = **format;
    if (field.kind == 'z')
        field.padding = '0';
    if (field.kind != 0)
        (*format)++;
    return field;
}

static uint length_of(const char *text) {
    uint length = 0;
    while (text[length] != 0)
        length++;
    return length;
}

void rt_format(rt_put put, const char *format, va_list values) {
    while (*format != 0) {
        if (*format != '%') {
            put(*format++);
            continue;
        }
        format++;
        const struct field field = read_field(&format);
        if (field.kind == 0)
            return;
        if (field.kind == '%') {
            put('%');
        } else if (field.kind == 's') {
            const char *const text = va_arg(values, const char *);
            put_padded(put, &field, text, length_of(text));
        } else {
            char room[ROOM];
            char *const end = room + sizeof room;
            const char *const text = value_text(end, &field, va_arg(values, uint));
            put_padded(put, &field, text, (uint)(end - text));
        }
    }
}
