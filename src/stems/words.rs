//! Words that stems are named by, in the languages that songs are commonly filed under.
//!
//! Words stand here folded (lower case, accents taken away), in the singular where an `s` makes the plural.

use crate::panorama::Role;

/// What a word says of a stem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// It is this.
    Is(Role),
    /// It is this, if nothing better is said.
    Maybe(Role),
    /// In front: of a voice, the lead; on its own a voice as well.
    Front,
    /// Behind: of a voice, backing; on its own it depends on the others.
    Behind,
    /// Reverberation and the like: whatever of, it belongs around.
    Wet,
    /// Everything but something.
    Rest,
    /// The whole song.
    Mix,
    /// What follows is not in it.
    Not,
    /// The left or the right one of a pair.
    Left,
    /// See [`Word::Left`].
    Right,
    /// A part of something that belongs into the middle: the bass drum.
    Middle(Role),
}

use Role::{Ambience, Backing, Bass, Drums, Guitars, Keys, Lead, Other, Strings, Winds};

/// Words by what they say.
const WORDS: &[(Word, &str)] = &[
    (
        Word::Is(Lead),
        "vocal vox voc vo voice singer singing sung acapella acappella rap rapper toplinevox ldv lv \
         gesang stimme saenger sanger sangerin hauptstimme solostimme sprecher \
         voix chant chanteur chanteuse paroles voz voces canto vocai vocais vocales voce voci cantante zang \
         sang stemme rost wokal glos spiew zpev hlas laulu enek vokal vokaler solist \
         вокал вокалы голос голоса солист φωνη φωνητικα",
    ),
    (
        Word::Is(Backing),
        "bgv bgvox bgvs bv bvs bvox bkv choir gang adlib adlibs choeur choeurs \
         coro coros coral cori koor chor chore hintergrundgesang refrengsang kor korus choral choral koer kuoro doo ooh oohs aah aahs \
         бэк бэки бэквокал хор подпевка χορωδια",
    ),
    (
        Word::Is(Drums),
        "drum drumkit kit dr drm drs percussion perc percs tom hat hihat hh hats ride crash cymbal cym overhead oh ohs \
         clap shaker tamb tambourine conga bongo cajon djembe tabla timpani cowbell rim rimshot snap timbale \
         schlagzeug trommel trommeln becken pauke pauken batterie caisse tambour bateria percusion caja bombo percussao batteria percussioni \
         tamburo slagwerk trommer trummor trumset slagverk perkusja bebny bici rummut dob ударные барабан барабаны перкуссия τυμπανα",
    ),
    (Word::Middle(Drums), "kick kik kck bd bassdrum kickdrum grosscaisse snare snr sd grancassa бочка малый"),
    (
        Word::Is(Bass),
        "bass bas bs subbass sub 808 kontrabass upright contrabass contrabasse contrabajo contrabbasso basse bajo baixo basso \
         basgitara basgitaar basso basszus kontrabas бас контрабас μπασο",
    ),
    (
        Word::Is(Guitars),
        "guitar gtr gtrs git guit gt gtar egtr agtr acgtr elgtr ukulele uke banjo mandolin mandoline dobro lapsteel pedalsteel steel bouzouki sitar lute oud \
         gitarre gitarren klampfe laute guitare guitares guitarra guitarras violao chitarra chitarre gitaar gitarer gitarr gitara gitary kytara kitara kitarr kitarra \
         gitar powerchord strat tele гитара гитары κιθαρα",
    ),
    (
        Word::Is(Keys),
        "key keyboard kbd keyb kb piano pno rhodes wurli wurlitzer organ org hammond leslie synth syn synthesizer synthesiser moog juno clav clavinet \
         harpsichord celesta celeste marimba vibraphone vibe vibraphon xylophone glockenspiel glock bell pad arp pluck mellotron accordion \
         klavier flugel tasten orgel akkordeon cembalo clavier claviers orgue accordeon teclado teclados organo piano sintetizador tastiera tastiere \
         pianoforte fisarmonica toetsen tangenter klaver flygel klawisze klawisz fortepian organy klavesy klaviatura zongora \
         клавиши фортепиано пианино орган синтезатор рояль πιανο πληκτρα",
    ),
    (
        Word::Is(Strings),
        "string str strg violin vln viola vla cello celli vc violoncello fiddle harp orchestra orch pizz pizzicato quartet \
         streicher geige geigen bratsche violine harfe orchester corde cordes violon violoncelle harpe cuerda cuerdas corda violino violines archi arpa \
         strijker strijkers viool strykere stryk strakar smyczki skrzypce smycce housle jouset vonos струнные скрипка виолончель оркестр εγχορδα βιολι",
    ),
    (
        Word::Is(Winds),
        "brass horn hrn trumpet tpt trombone tbn tuba sax saxophone saxofon sousaphone flugelhorn cornet wind woodwind flute flt clarinet oboe bassoon \
         whistle piccolo harmonica recorder bagpipe didgeridoo \
         blaser blaeser blech trompete posaune flote floete klarinette fagott saxophon mundharmonika cuivre cuivres bois trompette clarinette hautbois \
         metales viento trompeta flauta clarinete saxo metai metais sopro sopros trompete ottoni fiati tromba sassofono \
         blazer blazers blasare messing blas trabka dete dechy духовые труба саксофон флейта πνευστα",
    ),
    (
        Word::Is(Other),
        "other rest residual remainder misc backingtrack melody andere autre autres otros outros altro altri reste resto ovrigt inne rest прочее остальное",
    ),
    (
        Word::Is(Ambience),
        "ambience ambient ambiance amb atmo atmos atmosphere crowd audience applause nature rain \
         atmosphare publikum klatschen foule ambiente publico plateia pubblico folla publiek tlum шум публика зал",
    ),
    (
        Word::Wet,
        "reverb rev verb rvb wet hall nachhall reverberation riverbero reverberacion ревер реверб реверберация",
    ),
    (
        Word::Maybe(Guitars),
        "acoustic ac acu elec electric distortion dist strum riff powerchords akustik elektrik acoustique electrique acustica electrica akustisch",
    ),
    (Word::Maybe(Backing), "harmony harmonie harmonies chorus choruses"),
    (Word::Maybe(Drums), "beat loop groove"),
    (
        Word::Maybe(Ambience),
        "room fx sfx effect delay echo noise riser sweep impact raum effekt effet efecto effetto foley",
    ),
    (Word::Maybe(Other), "instrument instr solo hook theme lick sample"),
    (Word::Front, "lead ld main solovox haupt principal principale frente hoofd ведущий"),
    (
        Word::Behind,
        "backing back backup background bg bgr bk hintergrund double dbl dub harm zweite fond secondaire fondo segunda achtergrund",
    ),
    (
        Word::Rest,
        "instrumental inst accompaniment accomp karaoke band minus playback begleitung accompagnement acompanamiento base минус инструментал",
    ),
    (Word::Mix, "mix mixture master mixdown fullmix bounce stereomix 2mix mastered"),
    (Word::Not, "no non without ohne sans sin sem senza zonder utan bez без minus"),
    (Word::Left, "l lft left lh links gauche izquierda izq esquerda sinistra sx venster vanster lewo левый"),
    (Word::Right, "r rgt right rh rechts droite derecha direita destra dx hoger prawo правый"),
];

/// Words of scripts that have no spaces, looked for anywhere in a name; longer ones first where one holds another.
const PARTS: &[(Word, &str)] = &[
    (Word::Is(Backing), "コーラス 和声 和音声 伴唱 合唱 코러스 ハモリ"),
    (Word::Is(Lead), "ボーカル ヴォーカル 歌 人声 人聲 主唱 保컬 보컬 목소리"),
    (Word::Is(Drums), "ドラム パーカッション 鼓 打击 打擊 打楽器 드럼 퍼커션"),
    (Word::Is(Bass), "ベース 贝斯 貝斯 低音 베이스"),
    (Word::Is(Guitars), "ギター 吉他 기타"),
    (Word::Is(Keys), "キーボード ピアノ シンセ オルガン 钢琴 鋼琴 键盘 鍵盤 合成器 피아노 건반 신스 키보드"),
    (Word::Is(Strings), "ストリングス 弦 バイオリン 스트링 바이올린"),
    (Word::Is(Winds), "ブラス 管 サックス 브라스 색소폰"),
    (Word::Rest, "伴奏 インスト 반주"),
    (Word::Is(Other), "その他 其他"),
];

/// What a folded word says.
pub(super) fn find(word: &str) -> Option<Word> {
    let exactly =
        |w: &str| WORDS.iter().find(|(_, all)| all.split_ascii_whitespace().any(|x| x == w)).map(|(say, _)| *say);
    exactly(word).or_else(|| word.strip_suffix('s').filter(|w| w.len() >= 3).and_then(exactly))
}

/// What the parts of a name say that is written without spaces.
pub(super) fn find_inside(name: &str) -> Option<Word> {
    let holds = |all: &str| all.split_ascii_whitespace().any(|part| name.contains(part));
    PARTS.iter().find(|(_, all)| holds(all)).map(|(say, _)| *say)
}

/// What a compound says: words that it is made of, in order; or the last word of it, if that is long enough to be no accident.
pub(super) fn compound(word: &str) -> Vec<Word> {
    if word.len() > 40 {
        return Vec::new();
    }
    // `ways[i]`: the words that make up the first `i` bytes, the fewest.
    let mut ways: Vec<Option<Vec<Word>>> = vec![None; word.len() + 1];
    ways[0] = Some(Vec::new());
    for end in 1..=word.len() {
        for start in (0..end).rev() {
            let (Some(before), Some(part)) = (ways[start].clone(), word.get(start..end)) else { continue };
            if part.chars().count() < 3 {
                continue;
            }
            if let Some(found) = find(part)
                && ways[end].as_ref().is_none_or(|w| w.len() > before.len() + 1)
            {
                ways[end] = Some(before.into_iter().chain([found]).collect());
            }
        }
    }
    if let Some(all) = ways.pop().flatten() {
        return all;
    }
    let ends = word.char_indices().map(|(i, _)| &word[i..]).filter(|w| w.chars().count() >= 5);
    ends.filter_map(find).find(|w| matches!(w, Word::Is(_) | Word::Middle(_))).into_iter().collect()
}
