//! Columns as the bytes of an Arrow IPC stream.

use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;

use super::{Columns, internal};
use crate::error::Result;

impl Columns {
    /// The bytes of an Arrow IPC stream: [`Columns::to_arrow`] for a host to which bytes are handed. The columns of records
    /// have the names of the fields in JSON, and so do those within a record.
    ///
    /// Errors: as [`Columns::to_arrow`].
    pub fn to_ipc(&self) -> Result<Vec<u8>> {
        let (schema, batches) = self.to_arrow()?;
        let schema = match self {
            Self::Records(columns) => Arc::new(columns.json_schema()),
            Self::Sql(_) => schema,
        };
        let bytes = batches.iter().map(RecordBatch::get_array_memory_size).sum();
        // Names are in the schema alone; a batch in the stream has only values.
        let mut writer = StreamWriter::try_new(Vec::with_capacity(bytes), &schema).map_err(internal)?;
        batches.iter().try_for_each(|batch| writer.write(batch)).map_err(internal)?;
        writer.finish().map_err(internal)?;
        writer.into_inner().map_err(internal)
    }
}
