-- What each signal counts in each strategy, unless the settings say otherwise.

create or replace function pgsearch._signal_weights(fusion text)
returns jsonb
language sql immutable parallel safe
return case fusion
       when 'adaptive'     then '{"text": 1, "vector": 1, "neighbours": 0.5, "title": 0, "lexical": 4}'::jsonb
       when 'rrf'          then '{"text": 1, "vector": 1, "title": 0, "lexical": 0.5}'::jsonb
       when 'rrf_boost'    then '{"text": 1, "vector": 1, "title": 0, "lexical": 0.5}'::jsonb
       when 'convex'       then '{"text": 0.5, "vector": 0.5, "title": 0, "lexical": 0.25}'::jsonb
       when 'distribution' then '{"text": 0.5, "vector": 0.5, "title": 0, "lexical": 0.25}'::jsonb
       when 'weighted'     then '{"text": 1, "vector": 1, "title": 0, "lexical": 0.25}'::jsonb
       -- weights set by hand: the fewer words a field has, the more a match in it says; vector stands for half a cosine
       -- beside text and for a whole one alone
       when 'legacy'       then '{"title": 3.0, "tags": 2.5, "note": 2.0, "summary": 1.5, "content": 1.0, "text": 2.0, "vector": 1.0}'::jsonb
       end;

comment on function pgsearch._signal_weights(text) is
'Default weight of every signal of a fusion strategy, null for an unknown strategy. A weight of 0 takes part in
candidates and explanations alone.';
