-- depends: 0038_samples
-- ALTER TABLE gives a followed table other values and fires no trigger, so the columns that are read are kept to be compared.

alter table pgsearch.followed_tables
  add column if not exists column_types text[];

comment on column pgsearch.followed_tables.column_types is
'The columns that were read last, as _column_types gives them; null: none was read yet.';
