//! Limits and names that the document states and the service keeps.

/// Longest request body, in bytes. A longer one is answered 413 without reading it to its end.
pub const BODY_BYTES: usize = 16 * 1024 * 1024;

/// Most rows of one request. More are answered 413.
pub const BATCH_ROWS: usize = portent_event::limits::ROWS as usize;

/// Most rows of a request that asks for explanations.
pub const EXPLAINED_ROWS: usize = 1_000;

/// Greatest whole number that f64 distinguishes from both of its neighbours.
pub const WHOLE_NUMBER: f64 = 9_007_199_254_740_991.0;

/// Greatest magnitude of a raw value from which others are derived. Sums and squares of such values are finite.
pub const RAW_VALUE: f64 = 1e100;

/// Greatest time of a reading, in seconds since 1970: the end of the year 9999.
pub const GREATEST_SECONDS: f64 = 253_402_300_799.0;

/// Field, or parameter in the body, that states the coding of a row or of all rows.
pub const ENCODING: &str = "encoding";

/// Parameter that asks for explanations.
pub const EXPLAIN: &str = "explain";

/// Parameter that asks for the probabilities of all classes.
pub const PROBABILITIES: &str = "probabilities";

/// Values of a query parameter that mean yes, in letters of any case: those of FastAPI, and no value at all.
pub const TRUE_WORDS: [&str; 7] = ["true", "1", "yes", "on", "t", "y", ""];

/// Values of a query parameter that mean no, in letters of any case.
pub const FALSE_WORDS: [&str; 6] = ["false", "0", "no", "off", "f", "n"];

/// Member of V1 and MLflow that holds rows.
pub const INSTANCES: &str = "instances";

/// Member of V1 that holds parameters.
pub const PARAMETERS: &str = "parameters";

/// Member of MLflow that holds parameters.
pub const PARAMS: &str = "params";

/// Member of MLflow that holds rows or columns.
pub const INPUTS: &str = "inputs";

/// Member of MLflow that holds a data frame as names and rows.
pub const DATAFRAME_SPLIT: &str = "dataframe_split";

/// Member of MLflow that holds a data frame as objects.
pub const DATAFRAME_RECORDS: &str = "dataframe_records";

/// V2 outputs that every model has: the class, the probability of each class, the name of the class.
pub const OUTPUTS: [&str; 3] = ["predict", "predict_proba", "label"];

/// V2 outputs of a model that explains: the contribution of each feature, and the value that they are added to.
pub const EXPLANATION_OUTPUTS: [&str; 2] = ["contributions", "contributions_base"];
