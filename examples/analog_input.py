"""A network that remembers an analog signal: it gives the signal back as it was 30 ms ago.

The signal is smooth, another one in each trial, and enters the cells by plastic weights as it is,
without spikes: ``AnalogSource`` holds a value for 5 ms, as a feature vector of speech is held for
its frame. ``python examples/analog_input.py`` takes a few seconds.
"""

import numpy as np

import pynn_eprop.host as sim
from pynn_eprop import Adam

trial, frame, lag = 500.0, 5.0, 30.0        # ms


def smooth_signal(rng):
    """A signal of three slow waves with random phases, one value for each ms from ``lag`` ago."""
    time = np.arange(-lag, trial)
    waves = [np.sin(2.0 * np.pi * (hertz * time / 1000.0 + rng.random())) for hertz in (2, 3, 5)]
    return np.sum(waves, axis=0) / np.sqrt(3.0)


def main(n_trials=400, n_cells=100, seed=1):
    """The error of each trial, normalised by the variance of the target."""
    rng = np.random.default_rng(seed)
    sim.setup(timestep=1.0, update_interval=trial, seed=seed)
    source = sim.Population(1, sim.AnalogSource(frame_duration=frame))
    cells = sim.Population(n_cells, sim.EPropALIF(
        tau_m=20.0, v_thresh=1.0, tau_refrac=2.0, beta=0.1, tau_a=100.0, c_reg=0.001))
    readout = sim.Population(1, sim.EPropReadout(
        tau_m=20.0, loss="mse", target=np.zeros((1, int(trial)))))
    every, adam = sim.AllToAllConnector(allow_self_connections=False), Adam(lr=0.003)
    for pre, post, width in ((source, cells, 0.3), (cells, cells, 0.3 / np.sqrt(n_cells)),
                             (cells, readout, 0.3 / np.sqrt(n_cells))):
        weight = rng.normal(0.0, width, (pre.size, post.size))
        sim.Projection(pre, post, every, sim.EPropSynapse(weight=weight, optimizer=adam))
    sim.Projection(readout, cells, every, sim.LearningSignal(symmetric=True),
                   receptor_type="learning_signal")
    readout.record("loss")
    variance = []
    for _ in range(n_trials):
        signal = smooth_signal(rng)
        now, before = signal[int(lag):], signal[:-int(lag)]
        source.set(values=now[::int(frame)])    # its first frame begins now
        readout.set(target=before[np.newaxis])
        sim.run(trial)
        variance.append(np.var(before))
    loss = readout.get_data("loss").segments[0].analogsignals[0].magnitude[:, 0]
    sim.end()
    return 2.0 * loss / trial / np.array(variance)


if __name__ == "__main__":
    error = main()
    print(f"nMSE {error[0]:.3f} in the first trial, {error[-20:].mean():.3f} in the last 20, "
          "each of a signal that the network had not seen")
