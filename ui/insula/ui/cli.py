"""The command line. Each command is a thin door: what it does stands in ``insula.ui.commands``."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from insula.edge.errors import ConfigError, InsulaError
from insula.edge.lsl_network import keep_local, open_subnet
from insula.ui import cli_panels as panels
from insula.ui import cli_person, cli_privacy, cli_study
from insula.ui.cli_privacy import Medical, NoticeUp
from insula.ui.cli_study import Language, Number, ProtocolFile

app = typer.Typer(
    name="insula",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Camera, microphone, EEG and EDA into one live valence/arousal and expression state.\n\n"
    "Research software, not a medical device. It says what was measured (expression, stress index, workload "
    "index), how sure it is, and why something was not measured; it does not know what a person feels.",
)


@app.callback()
def _options(
    lsl_network: Annotated[
        bool,
        typer.Option(
            "--lsl-network",
            help="Let LSL use the network. By default its streams stay here: it has no access control.",
        ),
    ] = False,
) -> None:
    if lsl_network:
        open_subnet()
    else:
        keep_local()


models_app = typer.Typer(
    no_args_is_help=True, help="The models: what is shipped, what it is worth, what can be added."
)
app.add_typer(models_app, name="models", rich_help_panel=panels.MODELS)
calibrate_app = typer.Typer(
    no_args_is_help=True, help="Measure a constant of this set-up, or a person's rest."
)
app.add_typer(calibrate_app, name="calibrate", rich_help_panel=panels.STUDY)
calibrate_app.command("person")(cli_person.calibrate_person)
app.add_typer(cli_person.profile_app, name="profile", rich_help_panel=panels.STUDY)
bench_app = typer.Typer(no_args_is_help=True, help="Prove the loop on this machine.")
app.add_typer(bench_app, name="bench", rich_help_panel=panels.MACHINE)
app.add_typer(cli_study.protocol_app, name="protocol", rich_help_panel=panels.STUDY)
app.add_typer(cli_study.rate_app, name="rate", rich_help_panel=panels.STUDY)

Headless = Annotated[bool, typer.Option("--headless", help="No window, even where there is a screen.")]
Seconds = Annotated[
    float | None, typer.Option("--seconds", min=1.0, metavar="N", help="End by itself after N seconds.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out",
        metavar="DIR",
        help="Session folder to make; must not hold anything. Default: sessions/NAME-DATE-TIME.",
    ),
]


def _folder(out: Path | None, name: str) -> Path:
    stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S")
    return out or Path("sessions") / f"{name}-{stamp}"


@app.command(rich_help_panel=panels.SENSE)
def demo(
    headless: Headless = False,
    seconds: Seconds = None,
    out: Out = None,
    unplug: Annotated[
        list[str] | None,
        typer.Option(
            "--unplug",
            metavar="SENSOR@START+SECONDS",
            help="Take a simulated sensor away for a while, as in face@5+3. May be given several times.",
        ),
    ] = None,
    protocol: ProtocolFile = None,
    participant: Number = 1,
    language: Language = "",
) -> None:
    """Watch the whole loop work on a simulated person: no hardware, no download.

    A scripted course of valence and arousal drives a drawn face, a synthetic voice, EDA and EEG through the
    real ring, models, fusion and recording. Everything it shows and writes is marked as simulated; the script
    itself is recorded beside the output as ground truth.
    """
    from insula.ui.commands import demo as command
    from insula.ui.commands import session

    plan = cli_study.prepared(protocol, participant, language)
    wrap = command.unplugged(unplug or ())
    options = session.Options(
        "Demo: simulated person", headless, seconds, _folder(out, "demo"), wrap, plan=plan
    )
    session.run(command.config(), options)


@app.command(rich_help_panel=panels.SENSE)
def run(
    config: Annotated[
        Path | None, typer.Argument(help="TOML file; without it, the devices that are found.")
    ] = None,
    headless: Headless = False,
    seconds: Seconds = None,
    out: Out = None,
    use: Annotated[
        str,
        typer.Option("--use", metavar="USE", help="For what: own-use, research, clinical, robot-demo …"),
    ] = "",
    medical_or_safety: Medical = "",
    notice_up: NoticeUp = False,
    person: Annotated[
        str, typer.Option("--person", metavar="P07", help="Whose consent it needs: a pseudonym.")
    ] = "",
    protocol: ProtocolFile = None,
    participant: Number = 1,
    language: Language = "",
) -> None:
    """Run a session from a configuration file, or from the devices that are found.

    The use is asked for at the first start (docs/privacy.md). examples/real-files.toml plays real recordings
    through the real drivers; examples/devices.toml shows every option of every driver.
    """
    from insula.edge import config as configuration
    from insula.edge.privacy.context import Context, use_named
    from insula.ui.commands import devices, session

    plan = cli_study.prepared(protocol, participant, language)  # before any device is opened
    stated = Context(use_named(use), "", medical_or_safety, notice_up) if use else None
    loaded = configuration.load(config) if config else devices.automatic()
    if person:
        loaded = dataclasses.replace(loaded, person=person)
    name = loaded.name or (config.stem if config else "session")
    options = session.Options(name, headless, seconds, _folder(out, name), plan=plan, context=stated)
    session.run(loaded, options)


@app.command(rich_help_panel=panels.SENSE)
def record(
    lsl: Annotated[
        list[str] | None,
        typer.Option(
            "--lsl",
            metavar="QUERY",
            help="LSL streams to record as they are: an XPath predicate such as type='EEG' or "
            "starts-with(name,'Tobii'). May be given several times. Default without --config: all.",
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option("--config", metavar="FILE", help="Also run this session (see insula run).")
    ] = None,
    out: Out = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Also take streams that appear later; otherwise they are told.")
    ] = False,
    headless: Headless = False,
    seconds: Seconds = None,
    protocol: ProtocolFile = None,
    participant: Number = 1,
    language: Language = "",
) -> None:
    """Record LSL streams of any program into one crash-safe XDF file, with or without sensors of our own.

    Their descriptions, time stamps and clock offsets are kept to the letter. A sender that ends and comes
    back goes on in the same stream, with a gap. insula --lsl-network record … hears other machines.
    """
    from insula.ui.commands import record as command

    plan = cli_study.prepared(protocol, participant, language)
    command.run(tuple(lsl or ()), config, _folder(out, "record"), follow, headless, seconds, plan)


@app.command(rich_help_panel=panels.MACHINE)
def devices() -> None:
    """List the sensors that can be used now, and the reason why each other one cannot."""
    from insula.ui.commands import devices as command

    command.show()


@app.command(rich_help_panel=panels.MACHINE)
def doctor() -> None:
    """Check this machine: clock, ring, codecs, engines, models, network; exit code 1 if one is broken."""
    from insula.ui.commands import doctor as command

    raise typer.Exit(0 if command.show() else 1)


@app.command("lsl-config", rich_help_panel=panels.MACHINE)
def lsl_config(
    scope: Annotated[
        str, typer.Argument(metavar="machine|subnet", help="How far LSL may be heard.")
    ] = "machine",
    out: Annotated[
        Path,
        typer.Option("--out", metavar="FILE", help="Where it goes; there, every LSL program finds it."),
    ] = Path("~/lsl_api/lsl_api.cfg"),
) -> None:
    """Write a configuration that keeps all LSL programs of this user on this machine, or on its subnet.

    LSL has no password and no encryption: whoever can hear a stream can read it. Insula itself stays on this
    machine without such a file; LabRecorder and headset programs do not.
    """
    from insula.ui.commands import doctor

    doctor.write_lsl_config(scope, out.expanduser())


Modality = Annotated[str, typer.Argument(metavar="MODALITY", help="face, speech, eda or eeg.")]


@app.command(rich_help_panel=panels.MODELS)
def evaluate(
    modality: Modality,
    data: Annotated[
        Path, typer.Option("--data", help="A packed data set of the modality's layout (docs/data.md).")
    ],
    predictions: Annotated[
        Path, typer.Option("--predictions", metavar="OUT.csv", help="One row per item goes here.")
    ],
    model: Annotated[
        str,
        typer.Option(
            "--model",
            help="Speech: which weights; default: those the pack's licence allows. "
            "Face: the face-va.toml of a valence/arousal head of your own, on rated faces.",
        ),
    ] = "",
) -> None:
    """Evaluate the shipped model on a packed data set: predictions as CSV, report card on the terminal."""
    from insula.ui.commands import modelling

    modelling.evaluate(modality, data, predictions, model)


@app.command(rich_help_panel=panels.MODELS)
def train(
    modality: Annotated[
        str, typer.Argument(metavar="WHAT", help="face, speech, eda, eeg, fusion, face-va or face-dynamics.")
    ],
    data: Annotated[
        Path,
        typer.Option(
            "--data",
            "--root",
            metavar="DIR",
            help="Folder with the training data, for face-va a pack of rated faces (docs/data.md).",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where weights and manifest go.")] = Path(
        "weights"
    ),
    seed: Annotated[int, typer.Option("--seed", help="Seed of everything random.")] = 0,
    dataset: Annotated[
        str,
        typer.Option(
            "--dataset",
            help="EEG: your own deap, dreamer, seed or seed-iv. EDA: stress-predict, cogwear or wesad.",
        ),
    ] = "",
) -> None:
    """Train a model by the recipe that made the shipped one (needs the 'train' extra).

    With --dataset, a published method on a named set, scored both ways: by its own protocol (labelled as
    leaking) and with people kept apart. EEG: the RBTransformer on emotion sets that need an agreement.
    EDA: the multi-task network with a physical residual. face-va: a head for valence and arousal on the
    shipped face net, from faces with ratings of your own; [estimators.face] va_file names it.
    face-dynamics: a head over the last second of a face beside plain averages; it writes what it found, no
    weights.
    """
    from insula.ui.commands import modelling

    modelling.train(modality, data, out, seed, dataset)


@app.command(rich_help_panel=panels.SENSE)
def dashboard(
    session: Annotated[Path | None, typer.Argument(help="A recorded session's folder to review.")] = None,
    connect: Annotated[
        bool,
        typer.Option(
            "--connect", help="Show the session that is running now; SESSION may name its runtime folder."
        ),
    ] = False,
    lsl: Annotated[
        str | None,
        typer.Option(
            "--lsl",
            metavar="NAME",
            help="Watch a session of this or another machine over LSL: its sink's source_id, or any.",
        ),
    ] = None,
) -> None:
    """Open the dashboard: on a running session (--connect), a recorded one, or another machine's (--lsl).

    For another machine, both sides say so: `insula --lsl-network dashboard --lsl any`. Pictures and sound do
    not travel; body signals do when the session's LSL sink has signals = true.
    """
    from insula.ui.commands import window

    raise typer.Exit(window.show(session, connect=connect, lsl="" if lsl == "any" else lsl))


@app.command(rich_help_panel=panels.RECORDINGS)
def repair(
    file: Annotated[Path, typer.Argument(help="An XDF file, of Insula or of another program.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Where the mended copy goes. Default: beside it."),
    ] = None,
) -> None:
    """Mend an XDF file that was cut off or damaged; the original stays as it is."""
    from insula.ui.commands import repair as command

    command.run(file, out)


@app.command(rich_help_panel=panels.RECORDINGS)
def replay(
    session: Annotated[Path, typer.Argument(help="A recorded session's folder.")],
    speed: Annotated[
        str, typer.Option("--speed", metavar="X|max", help="Times real time, or as fast as it goes.")
    ] = "max",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Also write the estimates, as a session folder."),
    ] = None,
) -> None:
    """Compute a recorded session again: the same file, version and models give the same hash.

    The face is computed again only if the session recorded video, the voice only if it recorded sound.
    """
    from insula.ui.commands import replay as command

    command.run(session, speed, out)


@app.command(rich_help_panel=panels.RECORDINGS)
def analyze(
    files: Annotated[
        list[Path], typer.Argument(help="Recordings (XDF, EDF, FIF, video, sound, E4, sessions) or folders.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="One folder of results per recording.")],
    jobs: Annotated[
        int, typer.Option("--jobs", min=-1, metavar="N", help="Recordings at a time; −1: one a core.")
    ] = -1,
    dask: Annotated[
        str,
        typer.Option("--dask", metavar="tcp://…", help="Compute on the Dask cluster of this scheduler."),
    ] = "",
) -> None:
    """Estimate from recordings: CSV, JSON lines and figures each; goes on where it was interrupted.

    A file that fails stops nothing: it is listed at the end, and the exit code is 1. The numbers are the same
    on one core, on all, and on a cluster.
    """
    from insula.ui.commands import analyze as command

    raise typer.Exit(0 if command.run(files, out, jobs or -1, dask) else 1)


@app.command(rich_help_panel=panels.RECORDINGS)
def report(
    session: Annotated[Path, typer.Argument(help="A recorded session's folder.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE.html", help="Where the report goes. Default: beside the folder."),
    ] = None,
    lang: Annotated[Literal["en", "de"], typer.Option("--lang", help="Its language.")] = "en",
) -> None:
    """Write one self-contained page about a session, and the same as PDF on A4.

    What was measured, what was not, how sure it is. The PDF needs insula[report].
    """
    from insula.ui.commands import report as command

    command.run(session, out, lang)


class Format(enum.StrEnum):
    """What ``insula export`` writes."""

    bids = "bids"
    mne = "mne"
    parquet = "parquet"
    csv = "csv"
    elan = "elan"
    nova = "nova"


@app.command(rich_help_panel=panels.RECORDINGS)
def export(
    session: Annotated[
        Path, typer.Argument(help="A session's folder, a folder of 'insula analyze', or one recording.")
    ],
    to: Annotated[Format, typer.Option("--to", help="The format.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the files go.")],
    subject: Annotated[
        str, typer.Option("--subject", help="BIDS: the participant's label; default: the session's person.")
    ] = "",
    task: Annotated[str, typer.Option("--task", help="BIDS: the task's label.")] = "session",
) -> None:
    """Write a session for other programs: signals, markers and estimates.

    bids: a dataset that the BIDS validator accepts (DIR may hold other subjects). mne: Raw as FIF with the
    markers as annotations. parquet, csv: tables. elan, nova: annotation tracks.
    """
    from insula.ui.commands import export as command

    command.run(session, to.value, out, subject, task)


@models_app.command("list")
def models_list() -> None:
    """List the models with licence, scores on unseen people and the floors beside them."""
    from insula.ui.commands import modelling

    modelling.list_models()


@models_app.command("verify")
def models_verify() -> None:
    """Check every model file against its manifest and run it once."""
    from insula.ui.commands import modelling

    raise typer.Exit(0 if modelling.verify() else 1)


@models_app.command("pull")
def models_pull() -> None:
    """Fetch MediaPipe's public FaceLandmarker bundle (3.8 MB, Apache-2.0) from its official address."""
    from insula.ui.commands import modelling

    modelling.pull()


Models = Annotated[
    list[str] | None, typer.Argument(metavar="[MODEL]…", help="Default: all that are shipped.")
]


@models_app.command("bench")
def models_bench(
    models: Models = None,
    engine: Annotated[
        list[str] | None,
        typer.Option("--engine", help="Only this one; may be given several times. Default: all that work."),
    ] = None,
    inputs: Annotated[
        Path | None,
        typer.Option("--inputs", metavar="DATA.npz", help="Real inputs of one model; default: random ones."),
    ] = None,
    runs: Annotated[int, typer.Option("--runs", min=10, help="Runs of each.")] = 300,
) -> None:
    """Latency, memory and drift of the models on every engine and precision, on this machine."""
    from insula.ui.commands import engines

    engines.bench(models or (), engine or (), inputs, runs)


@models_app.command("build")
def models_build(models: Models = None) -> None:
    """Build TensorRT's plans for this GPU and keep them; takes minutes, once (docs/engines.md)."""
    from insula.ui.commands import engines

    engines.build(models or ())


@models_app.command("quantize")
def models_quantize(
    model: Annotated[Path, typer.Argument(metavar="MODEL.onnx", help="An fp32 model of static shapes.")],
    calibration: Annotated[
        Path,
        typer.Option(
            "--calibration", metavar="DATA.npz", help="One array an input, items first; labels too."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Default: MODEL-int8.onnx beside it.")
    ] = None,
    limit: Annotated[
        float, typer.Option("--limit", min=0.0, max=1.0, help="Loss above which nothing is written.")
    ] = 0.02,
    output: Annotated[
        str, typer.Option("--output", help="Output with the class scores; default: the first.")
    ] = "",
    percentile: Annotated[
        float | None,
        typer.Option(
            "--percentile", min=50.0, max=100.0, help="Ranges by this percentile, not the extremes."
        ),
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="NODE", help="Leave this node in fp32; * and ? stand for any text."),
    ] = None,
) -> None:
    """Make one int8 file for ONNX Runtime and TensorRT (needs the 'train' extra), unless it loses too much.

    A fifth of the data is kept apart to judge it. The loss is the fall in accuracy where the file has labels,
    else the share of items whose answer changes.
    """
    from insula.ui.commands import quantizing

    quantizing.run(
        model, calibration, out, limit=limit, output=output, percentile=percentile, keep=keep or ()
    )


@calibrate_app.command("sync")
def calibrate_sync(
    camera: Annotated[str, typer.Option("--camera", help="Number or URL of the camera.")] = "0",
    microphone: Annotated[
        str, typer.Option("--microphone", help="Part of its name; default: the system's.")
    ] = "",
    seconds: Annotated[
        float, typer.Option("--seconds", min=10.0, help="How long to watch and listen.")
    ] = 30.0,
) -> None:
    """Measure how far picture and sound are apart, with something that flashes and clicks at once."""
    from insula.ui.commands import calibrate

    calibrate.camera_and_microphone(camera, microphone, seconds)


@calibrate_app.command("eeg")
def calibrate_eeg(
    sessions: Annotated[list[Path], typer.Argument(help="Recordings of one person: sessions, XDF, EDF …")],
    classes: Annotated[
        str,
        typer.Option(
            "--classes", metavar="A,B", help="The two markers that begin a block, as in calm,tense."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the model goes.")] = Path(
        "eeg-personal.npz"
    ),
) -> None:
    """Build a person's own EEG index from labelled markers; it is kept only if it beats chance.

    Start each recording with a minute of rest. Then give each stretch a marker with its name, many short ones
    in mixed order: eight of each kind are few. A stretch ends at the next marker of any text. Blocks are left
    out one at a time and the labels shuffled 99 times; chance is what the shuffled ones reach.
    """
    from insula.ui.commands import calibrate

    names = tuple(name.strip() for name in classes.split(","))
    if len(names) != 2 or not all(names) or names[0] == names[1]:
        raise ConfigError(f"--classes needs two different marker texts as in calm,tense, not {classes!r}")
    raise typer.Exit(0 if calibrate.eeg(sessions, (names[0], names[1]), out) else 1)


@bench_app.command("soak")
def bench_soak(
    hours: Annotated[float, typer.Option("--hours", min=0.001, help="How long.")] = 0.5,
) -> None:
    """Run the simulated person for hours: memory must stay flat and no sample be missing."""
    from insula.ui.commands import soak

    raise typer.Exit(0 if soak.run(hours) else 1)


@bench_app.command("faults")
def bench_faults(
    minutes: Annotated[float, typer.Option("--minutes", min=0.3, help="How long.")] = 20.0,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the order of the faults.")] = 0,
) -> None:
    """Let sensors, models, outputs and the disk fail in random order: nothing may break or be made up.

    A simulated person and recordings of it in turn. Exit code 1 when a rule was broken.
    """
    from insula.ui.commands import faults

    raise typer.Exit(0 if faults.run(minutes, seed) else 1)


app.command(rich_help_panel=panels.STUDY)(cli_study.participant)
cli_privacy.add_to(app)


def main() -> None:
    """Entry point: an error meant for people is one line and exit code 1."""
    try:
        app()
    except InsulaError as error:
        typer.secho(f"insula: {error}", fg=typer.colors.RED, err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
