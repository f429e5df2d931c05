"""NEST's own e-prop models (`*_bsshslm_2020`) on the benchmark networks.

They differ from ours only in what NEST prescribes: the error traces carry a factor
(1 - kappa), and its refractory period is one step longer than the silence it gives.
"""

import time
from typing import Any

import numpy as np

from benchmarks import networks, worker
from benchmarks.networks import Pattern, Workload

# Steps from the script's time to the stamp of the same event in NEST: its neurons' intervals
# start at step 2, its readouts' at step 3, its rate signal takes another.
SOURCE_SHIFT = 1
TARGET_SHIFT = 4
RUN_IN = 4.0
MILLI = 1000.0


def kernel(nest: Any, net: Workload, threads: int) -> None:
    """A fresh kernel whose update interval is the workload's."""
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.set(
        resolution=1.0, local_num_threads=threads, print_time=False, rng_seed=networks.SEED,
        eprop_update_interval=float(net.steps), eprop_learning_window=float(net.steps),
        eprop_reset_neurons_on_update=True,
    )


def cells(nest: Any, net: Workload) -> Any:
    """The recurrent cells. NEST's c_reg counts spikes per step: 1000 T times ours."""
    return nest.Create("eprop_iaf_bsshslm_2020", net.cells, {
        "C_m": 1.0, "E_L": 0.0, "V_m": 0.0, "I_e": 0.0, "V_th": networks.V_THRESH,
        "tau_m": networks.TAU_M, "t_ref": networks.TAU_REFRAC + 1.0,
        "f_target": networks.F_TARGET, "c_reg": MILLI * net.steps * networks.C_REG,
        "surrogate_gradient_function": "piecewise_linear",
        "surrogate_gradient_height": networks.HEIGHT,
        "surrogate_gradient_width": networks.V_THRESH,
        "regular_spike_arrival": True, "flush_event_send_interval": float(net.steps),
    })


def build(nest: Any, net: Workload, rounds: int) -> tuple[Any, Any]:
    """Everything, for ``rounds`` intervals of input; returns the recorder and the readouts."""
    weights = net.weights()
    intervals = rounds + 1
    sources = nest.Create("spike_generator", net.sources)
    relay = nest.Create("parrot_neuron", net.sources)
    recurrent = cells(nest, net)
    readouts = nest.Create("eprop_readout_bsshslm_2020", networks.READOUTS, {
        "C_m": 1.0, "E_L": 0.0, "V_m": 0.0, "I_e": 0.0, "tau_m": networks.TAU_OUT,
        "loss": "mean_squared_error", "regular_spike_arrival": True,
    })
    teacher = nest.Create("step_rate_generator", networks.READOUTS)
    recorder = nest.Create("spike_recorder")

    nest.SetDefaults("eprop_synapse_bsshslm_2020", {
        "average_gradient": False,
        "optimizer": {
            "type": "adam", "batch_size": 1, "eta": net.learning_rate, "beta_1": 0.9,
            "beta_2": 0.999, "epsilon": 1e-8, "Wmin": -100.0, "Wmax": 100.0,
        },
    })
    plastic = {
        "synapse_model": "eprop_synapse_bsshslm_2020", "delay": 1.0,
        "tau_m_readout": networks.TAU_OUT,
    }
    static = {"synapse_model": "static_synapse", "delay": 1.0}
    dense = {"rule": "all_to_all", "allow_autapses": False}

    nest.Connect(sources, relay, "one_to_one", static)
    nest.Connect(relay, recurrent, dense, {**plastic, "weight": weights["in"].T})
    if isinstance(net, Pattern):
        nest.Connect(recurrent, recurrent, dense, {**plastic, "weight": weights["rec"].T})
    else:
        sparse = {
            "rule": "fixed_indegree", "indegree": net.indegree, "allow_autapses": False,
            "allow_multapses": False,
        }
        drawn = nest.random.normal(mean=0.0, std=net.deviation)
        nest.Connect(recurrent, recurrent, sparse, {**plastic, "weight": drawn})
    nest.Connect(recurrent, readouts, dense, {**plastic, "weight": weights["out"].T})
    nest.Connect(readouts, recurrent, dense, {
        "synapse_model": "eprop_learning_signal_connection_bsshslm_2020", "delay": 1.0,
        "weight": weights["feedback"].T,
    })
    nest.Connect(teacher, readouts, "one_to_one", {
        "synapse_model": "rate_connection_delayed", "delay": 1.0, "receptor_type": 2,
    })
    nest.Connect(recurrent, recorder, "all_to_all", static)

    for generator, local in zip(sources, net.source_steps(), strict=True):
        generator.spike_times = networks.repeated(local, net.steps, intervals) + SOURCE_SHIFT
    wanted = networks.target(net.steps)
    stamps = np.arange(net.steps * intervals) + float(TARGET_SHIFT)
    for generator, row in zip(teacher, wanted, strict=True):
        generator.set(amplitude_times=stamps, amplitude_values=np.tile(row, intervals))
    return recorder, readouts


def main() -> None:
    """One process: build, then one update interval per round."""
    args = worker.arguments()
    nest = worker.find("nest", "NEST", "pip install nest-simulator==3.10.0")
    if nest is None:
        return
    net = networks.workload(args.workload, args.cells)
    begin = time.perf_counter()
    kernel(nest, net, args.threads)
    recorder, _ = build(nest, net, args.rounds)
    nest.Simulate(RUN_IN)
    built = time.perf_counter() - begin
    seen = recorder.n_events

    def measure() -> dict[str, Any]:
        nonlocal seen
        stopwatch = worker.Stopwatch()
        nest.Simulate(float(net.steps))
        times = stopwatch.read()
        before, seen = seen, recorder.n_events
        rate = (seen - before) / net.cells / (net.steps / MILLI)
        return {**times, "rate_hz": rate}

    worker.serve(measure, peer=f"NEST {nest.__version__}", build_s=built,
                 synapses=int(nest.num_connections))


if __name__ == "__main__":
    main()
