//! The fixed records of each section.

use crate::Derivation;
use crate::codes::{Algorithm, ColumnKind};
use crate::format::Section;
use crate::write::InvalidSpec;
use crate::write::layout::Layout;
use crate::write::spec::{Column, EnsembleSpec, InterfaceSpec, ModelSpec, Parameters};

impl ModelSpec {
    pub(super) fn model_record(&self, texts: &mut TextWriter) -> Vec<u8> {
        let mut record = Vec::new();
        for text in [&self.name, &self.app, &self.version, &self.model_type, &self.description] {
            record.extend(texts.add(text));
        }
        record.extend((self.parameters.algorithm() as u32).to_le_bytes());
        record.extend(self.positive_class.to_le_bytes());
        record.extend(self.threshold.to_le_bytes());
        record.extend([0; 8]);
        record
    }

    pub(super) fn feature_records(&self, texts: &mut TextWriter) -> Vec<u8> {
        let (mut records, mut first_category) = (Vec::new(), 0_u32);
        for feature in &self.features {
            for text in [&feature.name, &feature.unit, &feature.description] {
                records.extend(texts.add(text));
            }
            records.extend((feature.kind as u32).to_le_bytes());
            records.extend((feature.missing as u32).to_le_bytes());
            let (low, high) = feature.plausible;
            records.extend(values([feature.lower, feature.upper, low, high, feature.imputed].iter()));
            let categories = count(feature.categories.len());
            records.extend(first_category.to_le_bytes());
            records.extend(categories.to_le_bytes());
            first_category += categories;
        }
        records
    }

    pub(super) fn category_records(&self, texts: &mut TextWriter) -> Vec<u8> {
        let mut records = Vec::new();
        for category in self.features.iter().flat_map(|feature| &feature.categories) {
            records.extend(category.value.to_le_bytes());
            records.extend(texts.add(&category.label));
        }
        records
    }

    pub(super) fn encoding_records(&self, texts: &mut TextWriter) -> Vec<u8> {
        let (mut records, mut first) = (Vec::new(), 0_u32);
        for encoding in &self.encodings {
            let mappings = count(encoding.mappings.len());
            records.extend(texts.add(&encoding.name));
            records.extend(first.to_le_bytes());
            records.extend(mappings.to_le_bytes());
            first += mappings;
        }
        records
    }

    pub(super) fn mapping_records(&self) -> Vec<u8> {
        let mut records = Vec::new();
        for (feature, from, to) in self.encodings.iter().flat_map(|encoding| &encoding.mappings) {
            records.extend(u64::from(*feature).to_le_bytes());
            records.extend(values([*from, to.unwrap_or(f64::NAN)].iter()));
        }
        records
    }

    pub(super) fn class_records(&self, texts: &mut TextWriter) -> Vec<u8> {
        let mut records = Vec::new();
        for class in &self.classes {
            records.extend(texts.add(&class.name));
            records.extend(class.share.to_le_bytes());
        }
        records
    }

    pub(super) fn profile_records(&self) -> Vec<u8> {
        let (mut records, mut start) = (Vec::new(), 0_u32);
        for profile in &self.profiles {
            records.extend(start.to_le_bytes());
            records.extend(count(profile.edges.len()).to_le_bytes());
            start += count(profile.edges.len() + profile.shares.len());
        }
        records
    }

    pub(super) fn profile_values(&self) -> Vec<u8> {
        values(self.profiles.iter().flat_map(|profile| profile.edges.iter().chain(&profile.shares)))
    }

    pub(super) fn derivation_records(&self) -> Vec<u8> {
        let fields = |derivation: &Derivation| {
            let Derivation { feature, kind, source, window } = *derivation;
            [count(feature), kind as u32, count(source), count(window)]
        };
        self.derivations.iter().flat_map(fields).flat_map(u32::to_le_bytes).collect()
    }
}

impl InterfaceSpec {
    /// Nothing where it is what a reader assumes.
    pub(super) fn record(&self, texts: &mut TextWriter) -> Vec<u8> {
        if *self == Self::default() {
            return Vec::new();
        }
        let Self { style, list, group, time, prediction, score } = self;
        let mut record = Vec::new();
        for text in [list, group, time, prediction, score] {
            record.extend(texts.add(text));
        }
        record.extend((*style as u32).to_le_bytes());
        record.extend([0; 4]);
        record
    }
}

impl Parameters {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Linear { .. } => Algorithm::LogisticRegression,
            Self::Trees(_) => Algorithm::TreeEnsemble,
            Self::Imported { .. } => Algorithm::Imported,
        }
    }

    pub(super) fn sections(&self) -> Result<Vec<(Section, Vec<u8>)>, InvalidSpec> {
        match self {
            Self::Linear { columns, linear } => Ok(vec![
                (Section::Columns, columns.iter().flat_map(column_record).collect()),
                (Section::Linear, values([linear.intercept].iter().chain(&linear.weights))),
            ]),
            Self::Trees(ensemble) => {
                let Layout { nodes, roots, means } = Layout::of(&ensemble.trees)?;
                Ok(vec![
                    (Section::TreeNodes, nodes),
                    (Section::TreeRoots, roots),
                    (Section::Ensemble, ensemble.record()),
                    (Section::NodeMeans, means),
                ])
            }
            Self::Imported { explains } => {
                Ok(vec![(Section::Imported, u64::from(*explains).to_le_bytes().to_vec())])
            }
        }
    }
}

impl EnsembleSpec {
    fn record(&self) -> Vec<u8> {
        let Self { aggregate, link, test, inputs, sum, .. } = *self;
        let codes = [aggregate as u32, link as u32, test as u32, inputs as u32, sum as u32, 0];
        codes.into_iter().flat_map(u32::to_le_bytes).chain(self.base.to_le_bytes()).collect()
    }
}

#[derive(Default)]
pub(super) struct TextWriter(pub(super) String);

impl TextWriter {
    /// Adds a text once and returns its offset and length.
    pub(super) fn add(&mut self, text: &str) -> [u8; 8] {
        let start = self.0.find(text).unwrap_or_else(|| {
            self.0.push_str(text);
            self.0.len() - text.len()
        });
        (u64::from(count(text.len())) << 32 | u64::from(count(start))).to_le_bytes()
    }
}

fn column_record(column: &Column) -> Vec<u8> {
    let (feature, kind, a, b) = match *column {
        Column::Standardise { feature, mean, scale } => (feature, ColumnKind::Standardise, mean, scale),
        Column::Indicator { feature, value } => (feature, ColumnKind::Indicator, value, 0.0),
    };
    let mut record = feature.to_le_bytes().to_vec();
    record.extend((kind as u32).to_le_bytes());
    record.extend(values([a, b].iter()));
    record
}

fn values<'a>(values: impl Iterator<Item = &'a f64>) -> Vec<u8> {
    values.flat_map(|value| value.to_le_bytes()).collect()
}

/// A length as the file states it; a file of 4 GiB fails the reader's bounds check right after.
pub(super) fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
