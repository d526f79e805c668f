//! Alarms that a score would raise, for every threshold at once: events detected, and false alarms.
//!
//! An alarm is raised by a reading whose score is at or above the threshold. Alarms of a module less than
//! five minutes apart are one episode. An episode that begins outside of a fault that runs away is a false
//! alarm; an event is detected if there is an alarm in its module between the fault's start and the point of
//! no return.

use std::collections::VecDeque;

use super::recording::{Recording, SAMPLE_SECONDS, Series};

/// Readings without an alarm that end an episode: five minutes.
const EPISODE_GAP: usize = 30;

/// Name of the circumstance "another module of the rack is running away". An alarm then is neither right nor
/// false.
pub const NEIGHBOUR: &str = "neighbour of a runaway";

/// What a score would have raised over a number of recordings.
#[derive(Clone, Debug, Default)]
pub struct Alarms {
    episodes: Vec<Episode>,
    events: Vec<Vec<Warning>>,
    watched: Vec<(String, usize)>,
}

/// An episode begins, outside of an event, at every threshold above the one and not above the other.
#[derive(Clone, Debug)]
struct Episode {
    above: f64,
    highest: f64,
    circumstance: usize,
}

/// A score during an event that is above all before it, and the minutes from there to the point of no return.
#[derive(Clone, Copy, Debug)]
struct Warning {
    score: f64,
    lead: f64,
}

impl Alarms {
    /// Adds the scores of one module of a recording, one a reading.
    pub fn add(&mut self, recording: &Recording, series: &Series, scores: &[f64]) {
        let event = series.runaway_start();
        let quiet_end = recording.runaway_start().unwrap_or(scores.len()).min(scores.len());
        let (before, after) = (self.circumstance(recording.kind()), self.circumstance(NEIGHBOUR));
        let watched = event.unwrap_or(scores.len());
        self.watched[before].1 += quiet_end;
        self.watched[after].1 += watched.saturating_sub(quiet_end);
        let circumstance = |index: usize| if index < quiet_end { before } else { after };
        let begins = episodes(&scores[..watched]);
        self.episodes.extend(begins.map(|(index, above)| Episode {
            above,
            highest: scores[index],
            circumstance: circumstance(index),
        }));
        self.events.extend(event.map(|start| warnings(&scores[start..])));
    }

    /// False alarms at a threshold by circumstance, with the days that modules were watched in it.
    #[must_use]
    pub fn by_circumstance(&self, threshold: f64) -> Vec<(&str, usize, f64)> {
        let count = |circumstance: usize| {
            let episodes = self.episodes.iter().filter(|episode| episode.circumstance == circumstance);
            episodes.filter(|episode| episode.above < threshold && threshold <= episode.highest).count()
        };
        let watched = self.watched.iter().enumerate();
        watched.map(|(index, (name, readings))| (name.as_str(), count(index), days(*readings))).collect()
    }

    /// False alarms at a threshold, and module-days.
    #[must_use]
    pub fn false_alarms(&self, threshold: f64) -> (usize, f64) {
        let counted = self.by_circumstance(threshold).into_iter().filter(|(name, ..)| *name != NEIGHBOUR);
        counted.fold((0, 0.0), |(alarms, days), (_, more, longer)| (alarms + more, days + longer))
    }

    /// Number of events.
    #[must_use]
    pub fn events(&self) -> usize {
        self.events.len()
    }

    /// Minutes from the first alarm to the point of no return, for every event that is detected at a
    /// threshold.
    #[must_use]
    pub fn leads(&self, threshold: f64) -> Vec<f64> {
        let first =
            |event: &Vec<Warning>| event.iter().find(|warning| warning.score >= threshold).map(|w| w.lead);
        self.events.iter().filter_map(first).collect()
    }

    /// The lowest threshold from which upwards there are never more than this many false alarms a module-day.
    #[must_use]
    pub fn threshold_within(&self, false_alarms_a_day: f64) -> f64 {
        let counted: Vec<&Episode> = self
            .episodes
            .iter()
            .filter(|episode| self.watched[episode.circumstance].0 != NEIGHBOUR)
            .collect();
        let allowed = (false_alarms_a_day * self.false_alarms(f64::INFINITY).1) as usize;
        let (mut highest, mut above): (Vec<f64>, Vec<f64>) =
            counted.iter().map(|episode| (episode.highest, episode.above)).unzip();
        highest.sort_by(|a, b| b.total_cmp(a));
        above.sort_by(|a, b| b.total_cmp(a));
        // Downwards from the top, an episode begins to count at its highest score and no longer does at
        // `above`.
        let mut ended = 0;
        for (begun, score) in (1..).zip(&highest) {
            ended += above[ended..].iter().take_while(|above| *above >= score).count();
            if begun - ended > allowed {
                return score.next_up();
            }
        }
        highest.last().copied().unwrap_or(f64::INFINITY)
    }

    fn circumstance(&mut self, name: &str) -> usize {
        self.watched.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.watched.push((name.to_owned(), 0));
            self.watched.len() - 1
        })
    }
}

/// Where an episode begins at some threshold, and the score above which: the greatest of the last five
/// minutes.
fn episodes(scores: &[f64]) -> impl Iterator<Item = (usize, f64)> {
    let mut recent: VecDeque<(usize, f64)> = VecDeque::new();
    scores.iter().enumerate().filter_map(move |(index, score)| {
        while recent.front().is_some_and(|(earlier, _)| index - earlier > EPISODE_GAP) {
            recent.pop_front();
        }
        let above = recent.front().map_or(f64::NEG_INFINITY, |(_, greatest)| *greatest);
        while recent.back().is_some_and(|(_, smaller)| smaller <= score) {
            recent.pop_back();
        }
        recent.push_back((index, *score));
        (*score > above).then_some((index, above))
    })
}

/// The rising scores of an event, which ends with the last of them.
fn warnings(scores: &[f64]) -> Vec<Warning> {
    let mut greatest = f64::NEG_INFINITY;
    let leads = (0..scores.len()).rev().map(|left| (left + 1) as f64 * SAMPLE_SECONDS / 60.0);
    let mut warnings = Vec::new();
    for (score, lead) in scores.iter().zip(leads) {
        if *score > greatest {
            greatest = *score;
            warnings.push(Warning { score: *score, lead });
        }
    }
    warnings
}

fn days(readings: usize) -> f64 {
    readings as f64 * SAMPLE_SECONDS / 86_400.0
}

#[cfg(test)]
mod tests;
