-- Operators of pgvector and pg_trgm under our own names.
--
-- Our functions pin search_path to pg_catalog, so they cannot write <=> or %>, whose schema differs from server to
-- server. A SQL-standard body is bound when it is created (deploy puts the extensions' schemas on the path) and is
-- inlined, so the HNSW and trigram indexes still serve it.

create or replace function pgsearch._cosine_distance(a vector, b vector)
returns float8
language sql immutable parallel safe strict
return a <=> b;

create or replace function pgsearch._inner_product(a vector, b vector)
returns float8
language sql immutable parallel safe strict
return inner_product(a, b);

create or replace function pgsearch._similarity(distance text, a vector, b vector)
returns float8
language sql immutable parallel safe
return case distance
       when 'cosine'        then 1::float8 - (a <=> b)
       when 'inner_product' then inner_product(a, b)
       else -(a <-> b)
       end;

create or replace function pgsearch._dimensions(embedding vector)
returns integer
language sql immutable parallel safe strict
return vector_dims(embedding);

create or replace function pgsearch._unit(embedding vector)
returns vector
language sql immutable parallel safe strict
return l2_normalize(embedding);

create or replace function pgsearch._in_line(embedding vector, dimensions integer)
returns vector
language sql immutable parallel safe strict
return subvector(embedding, 1, dimensions);

create or replace function pgsearch._mean(embeddings vector[])
returns vector
language sql immutable parallel safe strict
return (select avg(embedding) from unnest(embeddings) as embedding);

create or replace function pgsearch._without(embedding vector, common vector)
returns vector
language sql immutable parallel safe
return case when common is null then l2_normalize(embedding) else l2_normalize(l2_normalize(embedding) - common) end;

create or replace function pgsearch._to_vector(embedding text)
returns vector
language sql immutable parallel safe strict
return embedding::vector;

create or replace function pgsearch._vector_texts(embeddings vector[])
returns text[]
language sql immutable parallel safe strict
return embeddings::text[];

create or replace function pgsearch._vector_norm(embedding vector)
returns float8
language sql immutable parallel safe strict
return vector_norm(embedding);

create or replace function pgsearch._same_vector(a vector, b vector)
returns boolean
language sql immutable parallel safe strict
return a = b;

create or replace function pgsearch._trigram_similarity(a text, b text)
returns real
language sql immutable parallel safe strict
return similarity(a, b);

create or replace function pgsearch._trigram_word_similarity(word text, content text)
returns real
language sql immutable parallel safe strict
return word_similarity(word, content);

-- stable, as the operator is: it reads pg_trgm.word_similarity_threshold
create or replace function pgsearch._trigram_word_match(content text, word text)
returns boolean
language sql stable parallel safe strict
return content %> word;

-- stable likewise: pg_trgm.similarity_threshold
create or replace function pgsearch._trigram_match(content text, word text)
returns boolean
language sql stable parallel safe strict
return content % word;

comment on function pgsearch._cosine_distance(vector, vector) is 'pgvector''s <=>: 0 .. 2, NaN for a zero vector.';
comment on function pgsearch._inner_product(vector, vector) is 'pgvector''s inner product (its <#> is the negative of it).';
comment on function pgsearch._similarity(text, vector, vector) is
'How alike two vectors are by the distance of a model (cosine, inner_product, l2): the cosine, the inner product, or
minus the distance. More is nearer; NaN for the cosine of a zero vector, null for no vector.';
comment on function pgsearch._dimensions(vector) is 'How many dimensions the vector has.';
comment on function pgsearch._unit(vector) is 'The vector at length 1; a zero vector stays zero.';
comment on function pgsearch._in_line(vector, integer) is 'The vector, of so many dimensions, fetched from wherever it is stored.';
comment on function pgsearch._mean(vector[]) is 'The mean of the vectors; null for none.';
comment on function pgsearch._without(vector, vector) is 'The vector, at length 1, less what it has in common with others (null: nothing), at length 1 again.';
comment on function pgsearch._to_vector(text) is 'A vector from its text form, ''[0.1,0.2]''; NaN and infinity are refused by pgvector (22P02, 22003).';
comment on function pgsearch._vector_texts(vector[]) is 'Vectors in their text form, for a client that sent them in the binary one.';
comment on function pgsearch._vector_norm(vector) is 'Euclidean length of the vector; 0 for a zero vector, which has no direction and so no cosine.';
comment on function pgsearch._same_vector(vector, vector) is 'Whether two vectors are equal, number by number.';
comment on function pgsearch._trigram_similarity(text, text) is 'pg_trgm''s similarity: 0 .. 1.';
comment on function pgsearch._trigram_word_similarity(text, text) is 'pg_trgm''s word_similarity: 0 .. 1, how much of the word stands in the content.';
comment on function pgsearch._trigram_word_match(text, text) is 'pg_trgm''s %>: whether a part of content is like word, by pg_trgm.word_similarity_threshold.';
comment on function pgsearch._trigram_match(text, text) is
'pg_trgm''s %: whether content as a whole is like word, by pg_trgm.similarity_threshold.';
