//! Writing an artefact, and naming it by its SHA-256.

use portent_event::Digest;
use sha2::{Digest as _, Sha256};

use crate::format::{
    Algorithm, CHECKSUM_AT, ColumnKind, DIGEST_AT, FORMAT_VERSION, FeatureKind, HEADER_BYTES, LENGTH_AT,
    MAGIC, MissingPolicy, SECTION_COUNT_AT, SECTION_ENTRY_BYTES, Section, VERSION_AT,
};
use crate::sections::checksum;
use crate::{ArtefactError, Model};

/// Everything that an artefact holds, as the trainer knows it.
#[derive(Clone, Debug)]
pub struct ModelSpec {
    /// Name in answers and labels.
    pub name: String,
    /// Application that it is made for.
    pub app: String,
    /// Version.
    pub version: String,
    /// Type as its makers call it.
    pub model_type: String,
    /// One sentence on what it predicts.
    pub description: String,
    /// Score from which a row is positive.
    pub threshold: f64,
    /// Index of the class whose probability the score is.
    pub positive_class: u32,
    /// Features in model order.
    pub features: Vec<FeatureSpec>,
    /// Other codings.
    pub encodings: Vec<EncodingSpec>,
    /// Classes in model order.
    pub classes: Vec<ClassSpec>,
    /// How columns are made of features.
    pub columns: Vec<Column>,
    /// The parameters.
    pub linear: LinearSpec,
    /// One reference profile a feature, then one for the score; or none at all.
    pub profiles: Vec<ProfileSpec>,
    /// Rows of one value a feature (NaN where missing); their scores are computed on writing.
    pub self_check: Vec<Vec<f64>>,
    /// Provenance, quality and notes, as JSON.
    pub metadata: String,
}

/// A feature; see [`crate::Feature`] for the meaning of each field.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the accessors of `Feature` document them")]
pub struct FeatureSpec {
    pub name: String,
    pub unit: String,
    pub description: String,
    pub kind: FeatureKind,
    pub missing: MissingPolicy,
    pub lower: f64,
    pub upper: f64,
    pub plausible: (f64, f64),
    pub imputed: f64,
    pub categories: Vec<CategorySpec>,
}

/// A code of a categorical feature and its meaning.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in `Category`")]
pub struct CategorySpec {
    pub value: f64,
    pub label: String,
}

/// Another coding: its name and `(feature, from, to)`, with `None` for "missing".
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in `Encoding`")]
pub struct EncodingSpec {
    pub name: String,
    pub mappings: Vec<(u32, f64, Option<f64>)>,
}

/// A class and its share of the training data.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in `Class`")]
pub struct ClassSpec {
    pub name: String,
    pub share: f64,
}

/// How a column is made of a feature.
#[derive(Clone, Copy, Debug)]
pub enum Column {
    /// `(value − mean) / scale`
    Standardise {
        /// Index of the feature.
        feature: u32,
        /// Mean of the training data.
        mean: f64,
        /// Standard deviation of the training data, positive.
        scale: f64,
    },
    /// 1 where the feature has this value, else 0.
    Indicator {
        /// Index of the feature.
        feature: u32,
        /// The value.
        value: f64,
    },
}

/// Parameters of a linear model.
#[derive(Clone, Debug)]
pub struct LinearSpec {
    /// Constant term.
    pub intercept: f64,
    /// One weight a column.
    pub weights: Vec<f64>,
}

/// Edges between bins, and one share a bin.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "as in `Profile`")]
pub struct ProfileSpec {
    pub edges: Vec<f64>,
    pub shares: Vec<f64>,
}

/// Why a specification cannot be written.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub enum InvalidSpec {
    /// The artefact would not be readable.
    #[error(transparent)]
    Artefact(#[from] ArtefactError),
    /// A self-check row cannot be scored.
    #[error("self-check row {0}: {1}")]
    SelfCheck(usize, crate::RowError),
}

impl ModelSpec {
    /// The artefact's bytes. The same specification gives the same bytes.
    ///
    /// # Errors
    /// [`InvalidSpec`] if what it describes breaks a rule that reading would check.
    pub fn to_bytes(&self) -> Result<Vec<u8>, InvalidSpec> {
        let without_scores = self.file(&[]);
        let model = Model::open(&without_scores)?;
        let mut self_check = Vec::new();
        for (index, row) in self.self_check.iter().enumerate() {
            let score = model.score(row).map_err(|error| InvalidSpec::SelfCheck(index, error))?;
            // Rounded, so that the last digit of a platform's `exp` does not change the file.
            let score = (score * 1e13).round() / 1e13;
            row.iter().chain([&score]).for_each(|value| self_check.extend(value.to_le_bytes()));
        }
        let file = self.file(&self_check);
        Model::open(&file)?;
        Ok(file)
    }

    fn file(&self, self_check: &[u8]) -> Vec<u8> {
        let mut texts = TextWriter::default();
        let sections = [
            (Section::Model, self.model_record(&mut texts)),
            (Section::Features, self.feature_records(&mut texts)),
            (Section::Categories, self.category_records(&mut texts)),
            (Section::Encodings, self.encoding_records(&mut texts)),
            (Section::Mappings, self.mapping_records()),
            (Section::Classes, self.class_records(&mut texts)),
            (Section::Columns, self.columns.iter().flat_map(column_record).collect()),
            (Section::Linear, values([self.linear.intercept].iter().chain(&self.linear.weights))),
            (Section::Profile, self.profile_records()),
            (
                Section::ProfileValues,
                values(self.profiles.iter().flat_map(|p| p.edges.iter().chain(&p.shares))),
            ),
            (Section::SelfCheck, self_check.to_vec()),
            (Section::Metadata, self.metadata.clone().into_bytes()),
        ];
        let strings = [(Section::Strings, texts.0.into_bytes())];
        let sections: Vec<_> =
            strings.into_iter().chain(sections).filter(|(_, bytes)| !bytes.is_empty()).collect();
        assemble(&sections)
    }

    fn model_record(&self, texts: &mut TextWriter) -> Vec<u8> {
        let mut record = Vec::new();
        for text in [&self.name, &self.app, &self.version, &self.model_type, &self.description] {
            record.extend(texts.add(text));
        }
        record.extend((Algorithm::LogisticRegression as u32).to_le_bytes());
        record.extend(self.positive_class.to_le_bytes());
        record.extend(self.threshold.to_le_bytes());
        record.extend([0; 8]);
        record
    }

    fn feature_records(&self, texts: &mut TextWriter) -> Vec<u8> {
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

    fn category_records(&self, texts: &mut TextWriter) -> Vec<u8> {
        let mut records = Vec::new();
        for category in self.features.iter().flat_map(|feature| &feature.categories) {
            records.extend(category.value.to_le_bytes());
            records.extend(texts.add(&category.label));
        }
        records
    }

    fn encoding_records(&self, texts: &mut TextWriter) -> Vec<u8> {
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

    fn mapping_records(&self) -> Vec<u8> {
        let mut records = Vec::new();
        for (feature, from, to) in self.encodings.iter().flat_map(|encoding| &encoding.mappings) {
            records.extend(u64::from(*feature).to_le_bytes());
            records.extend(values([*from, to.unwrap_or(f64::NAN)].iter()));
        }
        records
    }

    fn class_records(&self, texts: &mut TextWriter) -> Vec<u8> {
        let mut records = Vec::new();
        for class in &self.classes {
            records.extend(texts.add(&class.name));
            records.extend(class.share.to_le_bytes());
        }
        records
    }

    fn profile_records(&self) -> Vec<u8> {
        let (mut records, mut start) = (Vec::new(), 0_u32);
        for profile in &self.profiles {
            records.extend(start.to_le_bytes());
            records.extend(count(profile.edges.len()).to_le_bytes());
            start += count(profile.edges.len() + profile.shares.len());
        }
        records
    }
}

impl Model<'_> {
    /// Compares the SHA-256 of a file's content with the one its header states.
    ///
    /// # Errors
    /// [`ArtefactError::Digest`] where they differ.
    pub fn verify_digest(&self, file: &[u8]) -> Result<Digest, ArtefactError> {
        if digest(file) == self.digest() { Ok(self.digest()) } else { Err(ArtefactError::Digest) }
    }
}

#[derive(Default)]
struct TextWriter(String);

impl TextWriter {
    /// Adds a text once and returns its offset and length.
    fn add(&mut self, text: &str) -> [u8; 8] {
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

fn assemble(sections: &[(Section, Vec<u8>)]) -> Vec<u8> {
    let mut file = vec![0; HEADER_BYTES + sections.len() * SECTION_ENTRY_BYTES];
    for (index, (kind, bytes)) in sections.iter().enumerate() {
        file.resize(file.len().next_multiple_of(8), 0);
        let entry = [*kind as u32, count(file.len()), count(bytes.len()), 0];
        let at = HEADER_BYTES + index * SECTION_ENTRY_BYTES;
        for (slot, number) in file[at..at + SECTION_ENTRY_BYTES].chunks_exact_mut(4).zip(entry) {
            slot.copy_from_slice(&number.to_le_bytes());
        }
        file.extend(bytes);
    }
    let length = file.len() as u64;
    file[..MAGIC.len()].copy_from_slice(&MAGIC);
    file[VERSION_AT..VERSION_AT + 4].copy_from_slice(&FORMAT_VERSION.to_le_bytes());
    file[SECTION_COUNT_AT..SECTION_COUNT_AT + 4].copy_from_slice(&count(sections.len()).to_le_bytes());
    file[LENGTH_AT..LENGTH_AT + 8].copy_from_slice(&length.to_le_bytes());
    let digest = digest(&file);
    file[DIGEST_AT..DIGEST_AT + 32].copy_from_slice(&digest.0);
    let checksum = checksum(&file);
    file[CHECKSUM_AT..CHECKSUM_AT + 8].copy_from_slice(&checksum.to_le_bytes());
    file
}

fn digest(file: &[u8]) -> Digest {
    Digest(Sha256::digest(file.get(HEADER_BYTES..).unwrap_or_default()).into())
}

fn values<'a>(values: impl Iterator<Item = &'a f64>) -> Vec<u8> {
    values.flat_map(|value| value.to_le_bytes()).collect()
}

/// A length as the file states it; a file of 4 GiB fails the reader's bounds check right after.
fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
