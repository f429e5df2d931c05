/*! \file
 *  \brief Instructions executed by libunicorn: a second opinion on the interpreter.
 */
#include "engine.h"
#include "unicorn_api.h"

#include <stdlib.h>
#include <string.h>

/* a core's translated code is small; the engine's default buffer would be 32 MB and more */
enum { TRANSLATION_BUFFER = 4 << 20 };
#define NO_END 0xfffffff0u /* exits are switched off: no address ends a run */

typedef struct {
    uc_engine *engine;
    uint32_t known[BLOCKS / 32], thumb[BLOCKS / 32]; /* instruction set of the block at an address */
    struct place {
        emu_core *core;
        const bus_device *device;
    } places[BUS_DEVICES]; /* what the callbacks of devices are given */
} unicorn_core;

static unicorn_core *state(const emu_core *core) { return core->engine; }
static uc_engine *engine_of(const emu_core *core) { return state(core)->engine; }

static const int numbers[] = {
    [ENGINE_R0] = UC_ARM_REG_R0, [ENGINE_SP] = UC_ARM_REG_SP,     [ENGINE_LR] = UC_ARM_REG_LR,
    [ENGINE_PC] = UC_ARM_REG_PC, [ENGINE_CPSR] = UC_ARM_REG_CPSR, [ENGINE_SPSR] = UC_ARM_REG_SPSR};

static uint32_t get(const emu_core *core, enum engine_register number) {
    uint32_t value = 0;
    unicorn.reg_read(engine_of(core), numbers[number], &value);
    return value;
}

static void set(emu_core *core, enum engine_register number, uint32_t value) {
    unicorn.reg_write(engine_of(core), numbers[number], &value);
}

static bool is_thumb(const emu_core *core) { return get(core, ENGINE_CPSR) & CPSR_THUMB; }

static uint32_t block_instructions(emu_core *core, uint32_t address, uint32_t size) {
    unicorn_core *const own = state(core);
    if (address >= ITCM_SIZE)
        return is_thumb(core) ? size / 2 : size / 4;
    const uint32_t place = address / 64, bit = 1u << (address / 2 % 32);
    if (!(own->known[place] & bit)) {
        own->known[place] |= bit;
        if (is_thumb(core))
            own->thumb[place] |= bit;
    }
    return own->thumb[place] & bit ? size / 2 : size / 4;
}

static void on_block(uc_engine *engine, uint64_t address, uint32_t size, void *user) {
    emu_core *const core = user;
    const uint32_t cpsr = core->interrupted ? get(core, ENGINE_CPSR) : 0;
    if (engine_stops(core, !(cpsr & CPSR_NO_IRQ), !(cpsr & CPSR_NO_FIQ))) {
        unicorn.emu_stop(engine);
        return;
    }
    const uint32_t instructions = block_instructions(core, (uint32_t)address, size);
    engine_count(core, (uint32_t)address, instructions, instructions);
}

static bool on_invalid_access(uc_engine *engine, int type, uint64_t address, int size,
                              int64_t value, void *user) {
    (void)engine, (void)size, (void)value;
    emu_core *const core = user;
    const bool fetch = type == UC_MEM_FETCH_UNMAPPED || type == UC_MEM_FETCH_PROT;
    const enum emu_fault_kind kind = fetch                           ? EMU_UNMAPPED_FETCH
                                     : type == UC_MEM_WRITE_PROT     ? EMU_CODE_WRITE
                                     : type == UC_MEM_WRITE_UNMAPPED ? EMU_UNMAPPED_WRITE
                                                                     : EMU_UNMAPPED_READ;
    fault_record(core, kind, core_pc(core), (uint32_t)address);
    engine_raise(core, core_pc(core), fetch ? VECTOR_PREFETCH_ABORT : VECTOR_DATA_ABORT);
    return false;
}

/* Only with the setting every_access. */
static void on_access(uc_engine *engine, int type, uint64_t address, int size, int64_t value,
                      void *user) {
    (void)value;
    emu_core *const core = user;
    const uint32_t where = (uint32_t)address;
    uint32_t code_top;
    memcpy(&code_top, core->itcm + SARK_CODE_TOP, sizeof code_top);
    if (where & ((uint32_t)size - 1u)) {
        fault_record(core, EMU_UNALIGNED, core_pc(core), where);
        engine_raise(core, core_pc(core), VECTOR_DATA_ABORT);
        unicorn.emu_stop(engine);
    } else if (type == UC_MEM_WRITE && where < ITCM_SIZE && where >= SARK_TABLE_END &&
               where < code_top) {
        fault_record(core, EMU_CODE_WRITE, core_pc(core), where);
    }
}

static void on_exception(uc_engine *engine, uint32_t number, void *user) {
    enum {
        UNICORN_SVC = 2,
        UNICORN_PREFETCH_ABORT = 3,
        UNICORN_DATA_ABORT = 4,
        UNICORN_BREAKPOINT = 7
    };
    emu_core *const core = user;
    uint32_t vector = VECTOR_UNDEFINED;
    if (number == UNICORN_SVC)
        vector = VECTOR_SVC;
    else if (number == UNICORN_PREFETCH_ABORT || number == UNICORN_BREAKPOINT)
        vector = VECTOR_PREFETCH_ABORT;
    else if (number == UNICORN_DATA_ABORT)
        vector = VECTOR_DATA_ABORT;
    engine_raise(core, core_pc(core), vector);
    unicorn.emu_stop(engine);
}

static int add_hooks(emu_core *core) {
    const struct {
        int type;
        void (*callback)(void);
        bool wanted;
    } hooks[] = {
        {emu_machine_settings(core->chip->machine)->every_instruction ? UC_HOOK_CODE
                                                                      : UC_HOOK_BLOCK,
         (void (*)(void))on_block, true},
        {UC_HOOK_MEM_INVALID, (void (*)(void))on_invalid_access, true},
        {UC_HOOK_INTR, (void (*)(void))on_exception, true},
        {UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, (void (*)(void))on_access,
         emu_machine_settings(core->chip->machine)->every_access != 0},
    };
    int error = 0;
    for (size_t i = 0; i < sizeof hooks / sizeof hooks[0] && !error; i++) {
        void *callback;
        uc_hook handle;
        memcpy(&callback, &hooks[i].callback, sizeof callback);
        if (hooks[i].wanted)
            error = unicorn.hook_add(engine_of(core), &handle, hooks[i].type, callback, core, 1, 0);
    }
    return error;
}

static int map_memories(emu_core *core) {
    const emu_chip *const chip = core->chip;
    enum { DATA = UC_PROT_READ | UC_PROT_WRITE, ALL = DATA | UC_PROT_EXEC };
    int error = 0;
    /* a page at a time, so that the pages of the program can be protected one by one */
    for (uint32_t page = 0; page < ITCM_SIZE && !error; page += PAGE)
        error = unicorn.mem_map_ptr(engine_of(core), page, PAGE, ALL, core->itcm + page);
    const struct {
        uint32_t base, span, protection;
        uint8_t *bytes;
    } memories[] = {
        {DTCM_BASE, DTCM_SIZE, DATA, core->dtcm},
        {SDRAM_BUFFERED, SDRAM_SIZE, ALL, chip->sdram},
        {SDRAM_UNBUFFERED, SDRAM_SIZE, ALL, chip->sdram},
        {SYSRAM_BUFFERED, SYSRAM_SIZE, ALL, chip->sysram},
        {SYSRAM_UNBUFFERED, SYSRAM_SIZE, ALL, chip->sysram},
    };
    for (size_t i = 0; i < sizeof memories / sizeof memories[0] && !error; i++)
        error = unicorn.mem_map_ptr(engine_of(core), memories[i].base, memories[i].span,
                                    memories[i].protection, memories[i].bytes);
    return error;
}

static uint64_t on_read(uc_engine *engine, uint64_t offset, unsigned size, void *user) {
    (void)engine, (void)size;
    const struct place *const place = user;
    return bus_read(place->core, place->device, (uint32_t)offset);
}

static void on_write(uc_engine *engine, uint64_t offset, unsigned size, uint64_t value,
                     void *user) {
    (void)engine, (void)size;
    const struct place *const place = user;
    bus_write(place->core, place->device, (uint32_t)offset, (uint32_t)value);
}

static int map_devices(emu_core *core) {
    int error = 0;
    for (size_t i = 0; i < BUS_DEVICES; i++) {
        struct place *const place = &state(core)->places[i];
        *place = (struct place){core, &bus_devices[i]};
        for (size_t j = 0; j < 3 && place->device->bases[j] != 0 && !error; j++)
            error = unicorn.mmio_map(engine_of(core), place->device->bases[j], place->device->span,
                                     on_read, place, on_write, place);
    }
    return error;
}

static const char *create(emu_core *core) {
    unicorn_core *const own = core->engine = calloc(1, sizeof *own);
    if (own == NULL)
        return "no memory for a core";
    int error = unicorn.open(UC_ARCH_ARM, UC_MODE_ARM, &own->engine);
    if (!error)
        error = unicorn.ctl(own->engine, UC_CTL_SET_CPU_MODEL, UC_CPU_ARM_926);
    if (!error)
        error = unicorn.ctl(own->engine, UC_CTL_SET_TCG_BUFFER_SIZE, (uint32_t)TRANSLATION_BUFFER);
    if (!error)
        error = map_memories(core);
    if (!error)
        error = map_devices(core);
    /* no address ends a run: only time, interrupts, exceptions and sleep */
    if (!error)
        error = unicorn.ctl(own->engine, UC_CTL_SET_EXITS_ENABLED, 1);
    if (!error)
        error = unicorn.ctl(own->engine, UC_CTL_SET_EXITS, (uint64_t *)NULL, (size_t)0);
    if (!error)
        error = add_hooks(core);
    return error ? unicorn.strerror(error) : NULL;
}

static void destroy(emu_core *core) {
    if (engine_of(core) != NULL)
        unicorn.close(engine_of(core));
    free(core->engine);
}

static void protect_program(emu_core *core, uint32_t code_top) {
    for (uint32_t page = PAGE; page < ITCM_SIZE; page += PAGE)
        unicorn.mem_protect(engine_of(core), page, PAGE,
                            UC_PROT_READ | UC_PROT_EXEC |
                                (engine_guarded(code_top, page) ? 0 : UC_PROT_WRITE));
}

static void code_changed(emu_core *core, uint32_t address, uint32_t size) {
    (void)address, (void)size;
    unicorn.ctl(engine_of(core), UC_CTL_FLUSH_TB);
    memset(state(core)->known, 0, sizeof state(core)->known);
    memset(state(core)->thumb, 0, sizeof state(core)->thumb);
}

static void reset(emu_core *core) {
    protect_program(core, 0);
    code_changed(core, 0, ITCM_SIZE);
}

static void start(emu_core *core) {
    uint32_t code_top;
    memcpy(&code_top, core->itcm + SARK_CODE_TOP, sizeof code_top);
    protect_program(core, code_top);
}

static void execute(emu_core *core) {
    const uint32_t thumb = is_thumb(core) ? 1u : 0u;
    core->cause = CAUSE_SLEEP;
    const int error = unicorn.emu_start(engine_of(core), core->pc | thumb, NO_END, 0, 0);
    core->pc = core_pc(core);
    if (core->cause != CAUSE_EXCEPTION && error != UC_ERR_OK)
        engine_raise(core, core->pc,
                     error == UC_ERR_INSN_INVALID ? VECTOR_UNDEFINED : VECTOR_DATA_ABORT);
}

const emu_engine unicorn_engine = {create, destroy, reset, start, code_changed, get, set, execute};
