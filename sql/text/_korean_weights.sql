-- What the bigrams of a Korean question are worth: those of a question word nothing, those that touch a particle half.
--
-- A question ends in words that say only that it is one (무엇인가요, 언제 태어났나요). Their bigrams are rare in encyclopedic text,
-- so BM25 takes them for the most telling ones. Weights at query time are enough, the index stays as it is: MIRACL-ko
-- nDCG@10 .559 -> .640, R@100 .936 -> .955, KorQuAD .957 -> .962 (each half of the queries alike); whole words or stems
-- as further lexemes in the index add nothing on top.

create or replace function pgsearch._korean_weights(query text)
returns table (lexeme text, weight float8)
language sql immutable parallel safe
begin atomic
with words as (
    -- endings and particles are at the end, and shorter than this: an expression over a long run would be tried from each of its characters
    select m.found[1] as word,
           right(m.found[1], 16) as tail,
           greatest(length(m.found[1]) - 16, 0) as ahead,
           m.at
      from regexp_matches(normalize(query, NFKC), '[가-힣]+', 'g') with ordinality as m(found, at)
     where not pgsearch._is_ascii(query)
),

parts as (
    -- asked: first character of the question word or ending; stem: characters before the particle
    select w.word,
           w.at,
           case when w.word ~ ('^(?:' || p.question || ')(?:' || p.particle || ')?(?:' || p.ending || ')?$') then 1
                else w.ahead + coalesce(length(substring(w.tail from '^(.+?)' || p.ending || '$')), length(w.tail)) + 1
           end as asked,
           '^(.{2,}?)(?:' || p.particle || ')$' as ends_in_particle
      from words as w
           -- a constant, and with it the expressions, once the function is inlined
           cross join (
               select '무엇|무슨|뭐|뭘|누구|누가|언제|어디|어느|어떤|어떻게|어떠한|얼마나|얼마|몇|왜'
                      '|뭐예요|뭐에요|뭐야|뭔가요?|뭔지|며칠|몇일|어때요?|어떡해요?|알려줘요?|알려주세요|궁금해요?|궁금합니다|해야|해요|돼요?' as question,
                      '(?:이었|였|하였|했|되었|됐|있었|있|없|었|았|하|되)?(?:나요|는가요?|은가요?|던가요?|을까요?|습니까|니까|는지요?|은지|인가요?|일까요?|인지요?|한가요?|할까요?|될까요?|까요|가요|느냐)' as ending,
                      '에게서|으로서|으로써|이라는|이라고|에서는|에서의|에서도|으로는|으로의|이었다|이었던|까지의|부터의|이며|에서|에게|으로|까지|부터|처럼|보다|마다|이나|이란|라는|라고|이다|였다|에는|에도|와의|과의|로서|로써|로는'
                      '|들이|들은|들을|들의|하는|하고|하여|했다|한다|하다|되는|되어|된다|했던|하던|은|는|이|가|을|를|의|에|로|와|과|도|만|나' as particle
           ) as p
),

-- once a word, not once a bigram: a text without spaces is one long word
stems as materialized (
    select p.word,
           p.at,
           length(p.word) as size,
           p.asked,
           coalesce(greatest(p.asked - 17, 0) + length(substring(right(left(p.word, p.asked - 1), 16) from p.ends_in_particle)), p.asked - 1) as stem
      from parts as p
),

bigrams as (
    select c.letter || coalesce(lead(c.letter) over (partition by s.at order by c.i), '') as lexeme, c.i, s.size, s.asked, s.stem
      from stems as s
           cross join lateral string_to_table(s.word, null) with ordinality as c(letter, i)
)

select b.lexeme,
       max(case when b.i >= b.asked then 0 when b.i + least(b.size, 2) - 1 > b.stem then 0.5 else 1 end::float8) as weight
  from bigrams as b
 where b.i < b.size
    or b.size = 1
 group by b.lexeme;
end;

comment on function pgsearch._korean_weights(text) is
'What each bigram of the Hangul in a query should weigh in ranking: 1; 0.5 where it touches a particle or the ending of a
question; 0 inside question words and their endings.
A bigram that stands in several words gets the largest. A query whose every lexeme weighs 0 asks for these words
themselves: the caller then keeps them all.';
