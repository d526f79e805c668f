//! Features against the independent recipe in Python: pandas on the same rows.

use std::path::{Path, PathBuf};
use std::process::Command;

use portent_model::NoValue;
use portent_tests::external;
use trainer::hvs::recording::{Reading, Recording};
use trainer::hvs::simulator::{Kind, kind, simulate};
use trainer::hvs::{csv, features};

/// How far a feature may lie from pandas'.
const TOLERANCE: f64 = 1e-9;

/// Reads a raw file, applies the recipe and writes the features in full precision, sorted by module and time.
/// Without its list of sensors to clip, the recipe clips none. With it, standard deviations are numpy's:
/// pandas moves its sums along with the window, so that over values clipped to one a residue of those before
/// is left (1.3e-6 was seen, where 0 is right).
const FEATURES: &str = "
import sys; sys.path.insert(0, sys.argv[1])
import numpy, pandas, hvs_features
if sys.argv[4] == 'unclipped':
    hvs_features.CLIP = []
else:
    def std(rolling): return rolling.apply(lambda x: numpy.std(x, ddof=1) if len(x) > 1 else 0, raw=True)
    pandas.core.window.rolling.Rolling.std = std
rows = hvs_features.features(pandas.read_csv(sys.argv[2]))
rows[hvs_features.FEATURES].to_csv(sys.argv[3], index=False)
";

/// Runs the generator of the seed's data and keeps two modules of one rack, of which one fails, as one
/// recording.
const GENERATE: &str = "
import sys, runpy, pandas
folder, out = sys.argv[1:3]
sys.argv = ['hvs_generate.py', out, '7']
runpy.run_path(folder + '/hvs_generate.py')
rows = pandas.read_csv(out)
rows = rows[rows.Module_ID.isin(['RackA2_Module01', 'RackA2_Module02'])]
rows.assign(Scenario='0000_seed').to_csv(out, index=False)
";

struct Reference {
    python: PathBuf,
    recipe: PathBuf,
    folder: tempfile::TempDir,
}

impl Reference {
    fn find() -> Option<Self> {
        let recipe = external::data("hvs_features.py")?;
        let python = external::program("python3").filter(|python| {
            let output = Command::new(python).args(["-c", "import pandas"]).output();
            output.is_ok_and(|output| output.status.success())
        });
        let python = external::found(python, "python3 with pandas")?;
        Some(Self { python, recipe: recipe.parent()?.to_owned(), folder: tempfile::tempdir().unwrap() })
    }

    fn run(&self, script: &str, arguments: &[&Path]) {
        let mut command = Command::new(&self.python);
        let output = command.args(["-c", script]).arg(&self.recipe).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Features of a raw file, by pandas: values of all rows, one after the other.
    fn features(&self, raw: &Path, clip: &str) -> Vec<f64> {
        let out = self.folder.path().join("features.csv");
        self.run(FEATURES, &[raw, &out, Path::new(clip)]);
        let text = std::fs::read_to_string(out).unwrap();
        let (header, rows) = text.split_once('\n').unwrap();
        assert_eq!(header.trim_end().split(',').collect::<Vec<_>>(), features::names());
        rows.split([',', '\n'])
            .filter(|cell| !cell.is_empty())
            .map(|cell| cell.trim().parse().unwrap())
            .collect()
    }

    fn write(&self, recording: &Recording) -> PathBuf {
        let path = self.folder.path().join("raw.csv");
        let mut bytes = Vec::new();
        csv::write_header(&mut bytes).unwrap();
        csv::write(recording, &mut bytes).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Expects pandas and the service's code to agree on every feature of every row.
    #[track_caller]
    fn check(&self, recording: &Recording, clip: &str, ours: fn(&[Reading]) -> Result<Vec<f64>, NoValue>) {
        let expected = self.features(&self.write(recording), clip);
        let actual: Vec<f64> =
            recording.modules.iter().flat_map(|series| ours(&series.readings).unwrap()).collect();
        assert_eq!(actual.len(), expected.len(), "{}", recording.scenario);
        let (names, mut worst) = (features::names(), vec![0.0_f64; features::WIDTH]);
        for (index, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            let feature = index % features::WIDTH;
            worst[feature] = worst[feature].max((actual - expected).abs());
        }
        let off: Vec<_> = names.iter().zip(worst).filter(|(_, worst)| *worst > TOLERANCE).collect();
        assert!(off.is_empty(), "{}, {clip}: {off:?}", recording.scenario);
    }
}

/// One recording of each kind, with its gaps, spikes and stuck sensors.
fn recordings() -> impl Iterator<Item = Recording> {
    let kinds =
        [Kind::Benign, Kind::RunawayShort, Kind::ContainedShort, Kind::CoolingFailure, Kind::SensorFault];
    kinds
        .into_iter()
        .filter_map(|wanted| (40..60).find(|number| kind(*number) == wanted))
        .map(|n| simulate(3, n))
}

#[test]
fn features_of_simulated_racks_are_those_of_pandas() {
    let Some(reference) = Reference::find() else { return };
    for recording in recordings() {
        reference.check(&recording, "unclipped", features::features);
        reference.check(&recording, "clipped", features::clipped_features);
    }
}

#[test]
fn features_of_the_seeds_data_are_those_of_pandas() {
    let Some(reference) = Reference::find() else { return };
    let raw = reference.folder.path().join("seed.csv");
    reference.run(GENERATE, &[&raw]);
    let recordings = csv::read(&raw).unwrap();
    assert_eq!((recordings.len(), recordings[0].modules.len()), (1, 2));
    reference.check(&recordings[0], "unclipped", features::features);
    reference.check(&recordings[0], "clipped", features::clipped_features);
}
