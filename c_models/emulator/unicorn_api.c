/*! \file
 *  \brief Opens libunicorn.
 */
#include "unicorn_api.h"

#include "emulator.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <string.h>

unicorn_api unicorn;

/* ISO C has no conversion from an object pointer to a function's; POSIX says the bytes are it. */
static bool bind(void *library, const char *name, void *function) {
    void *const address = dlsym(library, name);
    memcpy(function, &address, sizeof address);
    return address != NULL;
}

const char *emu_open_unicorn(const char *path) {
    if (unicorn.open != NULL)
        return NULL;
    void *const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return dlerror();
    unicorn_api found;
    const bool complete =
        bind(library, "uc_open", &found.open) && bind(library, "uc_close", &found.close) &&
        bind(library, "uc_strerror", &found.strerror) && bind(library, "uc_ctl", &found.ctl) &&
        bind(library, "uc_mem_map_ptr", &found.mem_map_ptr) &&
        bind(library, "uc_mem_protect", &found.mem_protect) &&
        bind(library, "uc_mmio_map", &found.mmio_map) &&
        bind(library, "uc_hook_add", &found.hook_add) &&
        bind(library, "uc_reg_read", &found.reg_read) &&
        bind(library, "uc_reg_write", &found.reg_write) &&
        bind(library, "uc_emu_start", &found.emu_start) &&
        bind(library, "uc_emu_stop", &found.emu_stop);
    if (!complete)
        return "the library lacks functions of unicorn 2";
    unicorn = found;
    return NULL;
}
