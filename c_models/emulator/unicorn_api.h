/*! \file
 *  \brief The part of libunicorn's interface that is used, bound at run time.
 *
 *  The library is under the GPL and optional: nothing of it is compiled or linked in. The numbers
 *  below are its public interface; tests/emulator compares them with the installed package.
 */
#ifndef EPROP_EMULATOR_UNICORN_API_H
#define EPROP_EMULATOR_UNICORN_API_H

#include <stddef.h>
#include <stdint.h>

typedef struct uc_struct uc_engine;
typedef size_t uc_hook;

enum { UC_ARCH_ARM = 1, UC_MODE_ARM = 0, UC_CPU_ARM_926 = 0 };
enum {
    UC_ARM_REG_CPSR = 3,
    UC_ARM_REG_LR = 10,
    UC_ARM_REG_PC = 11,
    UC_ARM_REG_SP = 12,
    UC_ARM_REG_SPSR = 13,
    UC_ARM_REG_R0 = 66
};
enum { UC_PROT_READ = 1, UC_PROT_WRITE = 2, UC_PROT_EXEC = 4 };
enum {
    UC_HOOK_INTR = 1,
    UC_HOOK_CODE = 4,
    UC_HOOK_BLOCK = 8,
    UC_HOOK_MEM_READ = 1024,
    UC_HOOK_MEM_WRITE = 2048,
    UC_HOOK_MEM_INVALID = 1008
};
enum { UC_MEM_READ = 16, UC_MEM_WRITE = 17 };
enum {
    UC_MEM_READ_UNMAPPED = 19,
    UC_MEM_WRITE_UNMAPPED = 20,
    UC_MEM_FETCH_UNMAPPED = 21,
    UC_MEM_WRITE_PROT = 22,
    UC_MEM_READ_PROT = 23,
    UC_MEM_FETCH_PROT = 24
};
enum { UC_ERR_OK = 0, UC_ERR_INSN_INVALID = 10 };
/* uc_ctl requests: number | arguments << 26 | write << 30 */
enum {
    UC_CTL_SET_EXITS_ENABLED = 4 | 1 << 26 | 1 << 30,
    UC_CTL_SET_EXITS = 6 | 2 << 26 | 1 << 30,
    UC_CTL_SET_CPU_MODEL = 7 | 1 << 26 | 1 << 30,
    UC_CTL_FLUSH_TB = 10 | 0 << 26 | 1 << 30,
    UC_CTL_SET_TCG_BUFFER_SIZE = 13 | 1 << 26 | 1 << 30
};

typedef uint64_t (*uc_mmio_read)(uc_engine *, uint64_t offset, unsigned size, void *user);
typedef void (*uc_mmio_write)(uc_engine *, uint64_t offset, unsigned size, uint64_t value,
                              void *user);

/*! The functions, by their names without `uc_`. */
typedef struct {
    int (*open)(int architecture, int mode, uc_engine **);
    int (*close)(uc_engine *);
    const char *(*strerror)(int);
    int (*ctl)(uc_engine *, int request, ...);
    int (*mem_map_ptr)(uc_engine *, uint64_t address, size_t size, uint32_t protection, void *);
    int (*mem_protect)(uc_engine *, uint64_t address, size_t size, uint32_t protection);
    int (*mmio_map)(uc_engine *, uint64_t address, size_t size, uc_mmio_read, void *read_user,
                    uc_mmio_write, void *write_user);
    int (*hook_add)(uc_engine *, uc_hook *, int type, void *callback, void *user, uint64_t begin,
                    uint64_t end, ...);
    int (*reg_read)(uc_engine *, int number, void *value);
    int (*reg_write)(uc_engine *, int number, const void *value);
    int (*emu_start)(uc_engine *, uint64_t begin, uint64_t until, uint64_t timeout, size_t count);
    int (*emu_stop)(uc_engine *);
} unicorn_api;

extern unicorn_api unicorn;

#endif
