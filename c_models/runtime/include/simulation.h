/*! \file
 *  \brief Control by a host: length of a run, pause and resume, provenance, end.
 *
 *  Names and layouts are those of the official header of this name.
 */
#ifndef EPROP_RUNTIME_SIMULATION_H
#define EPROP_RUNTIME_SIMULATION_H

#include "common-typedefs.h"
#include "spin1_api.h"

#define MAX_DMA_CALLBACK_TAG 16

/*! \brief Layout of the region of system data. */
struct simulation_config {
    uint32_t application_magic_number;
    uint32_t timer_period; /*!< microseconds */
    uint32_t control_sdp_port;
    uint32_t num_timing_detail_words;
};

/*! \brief Layout of the provenance region. */
struct simulation_provenance {
    uint32_t transmission_event_overflow;
    uint32_t callback_queue_overloads;
    uint32_t dma_queue_overloads;
    uint32_t user_queue_overloads;
    uint32_t timer_tic_has_overrun;
    uint32_t max_num_timer_tic_overrun;
    uint32_t provenance_data_elements[];
};

/*! \brief Commands of a host. */
typedef enum simulation_commands {
    CMD_STOP = 6,
    CMD_RUNTIME = 7,
    PROVENANCE_DATA_GATHERING = 8,
    IOBUF_CLEAR = 9,
    CMD_PAUSE = 10,
    CMD_GET_TIME = 11
} simulation_commands;

typedef void (*prov_callback_t)(address_t);
typedef void (*resume_callback_t)(void);
typedef void (*exit_callback_t)(void);
typedef resume_callback_t start_callback_t;

/*! \brief Read the region of system data and listen to the host.
 *  \param[in] address: the region
 *  \param[in] expected_application_magic_number: APPLICATION_NAME_HASH
 *  \param[out] timer_period: microseconds between ticks
 *  \param[in] simulation_ticks_pointer: where the host's end of the run goes
 *  \param[in] infinite_run_pointer: set to TRUE by the host for a run without end
 *  \param[in] time_pointer: the application's count of steps; one less than the first at a run
 *  \param[in] sdp_packet_callback_priority: of messages
 *  \param[in] dma_transfer_complete_priority: of transfers that have ended; below -1: not handled
 *  \return false if the data is another program's, with a message in the core's text
 */
bool simulation_initialise(address_t address, uint32_t expected_application_magic_number,
                           uint32_t *timer_period, uint32_t *simulation_ticks_pointer,
                           uint32_t *infinite_run_pointer, uint32_t *time_pointer,
                           int sdp_packet_callback_priority, int dma_transfer_complete_priority);

/*! \brief Set the provenance region. */
void simulation_set_provenance_data_address(address_t provenance_data_address);

/*! \brief Set the provenance region, and a function that writes the application's part of it.
 *  \param[in] provenance_function: is given the address behind the common part
 *  \param[in] provenance_data_address: the region
 */
void simulation_set_provenance_function(prov_callback_t provenance_function,
                                        address_t provenance_data_address);

/*! \brief Set a function to call before the application ends. */
void simulation_set_exit_function(exit_callback_t exit_function);

/*! \brief Set a function to call when a run starts, behind the machine's barrier. */
void simulation_set_start_function(start_callback_t start_function);

/*! \brief Pause: stop the timer and write provenance.
 *  \param[in] callback: what to do before the next run starts; may be NULL
 */
void simulation_handle_pause_resume(resume_callback_t callback);

/*! \brief Pause, with nothing to do before a next run. */
void simulation_exit(void);

/*! \brief Serve events until the host ends the application. */
void simulation_run(void);

/*! \brief Report to the host that results can be read. */
void simulation_ready_to_read(void);

/*! \brief Have a function called at messages to a port.
 *  \param[in] sdp_port: 1 to 7
 *  \param[in] sdp_callback: is given the message's address and the port; must free the message
 *  \return false if the port is taken or does not exist
 */
bool simulation_sdp_callback_on(uint sdp_port, callback_t sdp_callback);

/*! \brief Discard messages to a port from now on. */
void simulation_sdp_callback_off(uint sdp_port);

/*! \brief Have a function called when transfers with a tag have ended.
 *  \param[in] tag: 0 to 15
 *  \param[in] callback: is given the number of the transfer and the tag
 *  \return false if the tag is taken or does not exist
 */
bool simulation_dma_transfer_done_callback_on(uint tag, callback_t callback);

/*! \brief Have nothing called for a tag any more. */
void simulation_dma_transfer_done_callback_off(uint tag);

/*! \brief Let all cores meet every so many steps; a host may ask for the same.
 *  \param[in] n_steps: steps between two meetings, 0 for none
 */
void simulation_set_sync_steps(uint32_t n_steps);

/*! \brief Whether the run has come to its end, or the host asks for a pause; once every step.
 *  \return true: call simulation_handle_pause_resume
 */
bool simulation_is_finished(void);

#endif
