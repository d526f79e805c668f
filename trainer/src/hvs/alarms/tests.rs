//! Against counting by hand, and against counting every threshold on its own.

use super::*;
use crate::hvs::recording::Label;
use crate::random::SplitMix64;

/// A recording of one module beside others that run as long, with `runaway` readings of an event at its end.
fn recording(kind: &str, lengths: &[(usize, usize)]) -> Recording {
    let series = |(length, runaway): &(usize, usize)| Series {
        module: "Module".to_owned(),
        readings: vec![[0.0; 9]; *length],
        labels: [vec![Label::Normal; length - runaway], vec![Label::Unlabelled; *runaway]].concat(),
    };
    Recording {
        scenario: format!("0001_{kind}"),
        rack: "Rack".to_owned(),
        started: 0,
        modules: lengths.iter().map(series).collect(),
    }
}

fn alarms(recording: &Recording, scores: &[Vec<f64>]) -> Alarms {
    let mut alarms = Alarms::default();
    recording.modules.iter().zip(scores).for_each(|(series, scores)| alarms.add(recording, series, scores));
    alarms
}

/// Zeros, but for these.
fn scores(length: usize, peaks: &[(usize, f64)]) -> Vec<f64> {
    let mut scores = vec![0.0; length];
    peaks.iter().for_each(|(index, score)| scores[*index] = *score);
    scores
}

#[test]
fn alarms_less_than_five_minutes_apart_are_one_episode() {
    let benign = recording("benign", &[(200, 0)]);
    let count =
        |gap: usize| alarms(&benign, &[scores(200, &[(50, 1.0), (50 + gap, 1.0)])]).false_alarms(1.0).0;
    assert_eq!((count(1), count(30), count(31)), (1, 1, 2));
}

/// The gap is counted from the last alarm, not from the first.
#[test]
fn a_long_alarm_is_one_episode() {
    let benign = recording("benign", &[(200, 0)]);
    let peaks: Vec<(usize, f64)> = (10..150).step_by(20).map(|index| (index, 0.7)).collect();
    let alarms = alarms(&benign, &[scores(200, &peaks)]);
    assert_eq!((alarms.false_alarms(0.7).0, alarms.false_alarms(0.70001).0), (1, 0));
    assert_eq!(alarms.false_alarms(0.5).1, 200.0 * 10.0 / 86_400.0);
}

#[test]
fn an_event_is_detected_between_its_start_and_its_end() {
    let runaway = recording("runaway_short", &[(100, 60), (160, 0)]);
    let failing = scores(100, &[(20, 0.9), (50, 0.5), (70, 0.8), (99, 0.95)]);
    let beside = scores(160, &[(30, 0.6), (80, 0.9), (150, 0.9)]);
    let alarms = alarms(&runaway, &[failing, beside]);
    assert_eq!(alarms.events(), 1);
    assert_eq!(alarms.leads(0.5), [50.0 / 6.0]);
    assert_eq!(alarms.leads(0.6), [30.0 / 6.0]);
    assert_eq!(alarms.leads(0.9), [1.0 / 6.0]);
    assert!(alarms.leads(0.96).is_empty());
    let expected = [("runaway_short", 1, 80), (NEIGHBOUR, 2, 120)];
    let expected =
        expected.map(|(name, count, readings)| (name, count, f64::from(readings) * 10.0 / 86_400.0));
    assert_eq!(alarms.by_circumstance(0.9), expected);
    assert_eq!(alarms.false_alarms(0.6).0, 2, "one before the event, and one of the other module");
}

/// Random scores with many ties: at every threshold, the count is that of walking over the alarms.
#[test]
fn counts_are_those_of_walking() {
    let mut random = SplitMix64::new(9);
    for _ in 0..200 {
        let steps = 2 + random.below(30);
        let series: Vec<f64> = (0..400).map(|_| random.below(steps).pow(2) as f64).collect();
        let alarms = alarms(&recording("benign", &[(400, 0)]), std::slice::from_ref(&series));
        for threshold in (0..steps).map(|step| step.pow(2) as f64) {
            let raised: Vec<usize> = (0..400).filter(|index| series[*index] >= threshold).collect();
            let further = raised.windows(2).filter(|pair| pair[1] - pair[0] > EPISODE_GAP).count();
            assert_eq!(alarms.false_alarms(threshold).0, further + usize::from(!raised.is_empty()));
        }
    }
}

/// The threshold is the lowest of all for which no higher one raises more than is allowed.
#[test]
fn the_threshold_is_the_lowest_within_the_budget() {
    let mut random = SplitMix64::new(10);
    for round in 0..200 {
        let series: Vec<f64> =
            (0..2000).map(|_| random.below(400) as f64 * random.uniform().round()).collect();
        let alarms = alarms(&recording("benign", &[(2000, 0)]), &[series]);
        let allowed = round % 20;
        let threshold = alarms.threshold_within((f64::from(round % 20) + 0.5) / (20_000.0 / 86_400.0));
        let within = |threshold: f64| alarms.false_alarms(threshold).0 <= allowed as usize;
        let lowest = (0..=400).rev().map(f64::from).take_while(|threshold| within(*threshold)).last();
        let lowest = lowest.unwrap_or(400.0);
        assert!(lowest - 1.0 < threshold && threshold <= lowest, "{threshold}, {lowest}");
        assert_eq!(alarms.false_alarms(threshold), alarms.false_alarms(lowest));
    }
}
