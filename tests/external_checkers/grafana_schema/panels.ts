// Our dashboards in the types that Grafana publishes. Its own leave options and custom fields of panels open; here each kind
// of panel has those of its plugin, so that a misspelt key is an error.
import type {
  Dashboard as GrafanaDashboard, DashboardLink, DataSourceRef, FieldConfig, Panel as GrafanaPanel, RowPanel,
  VariableModel, AnnotationQuery,
} from '@grafana/schema';
import type * as gauge from '@grafana/schema/dist/esm/raw/composable/gauge/panelcfg/x/GaugePanelCfg_types.gen';
import type * as heatmap from '@grafana/schema/dist/esm/raw/composable/heatmap/panelcfg/x/HeatmapPanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as text from '@grafana/schema/dist/esm/raw/composable/text/panelcfg/x/TextPanelCfg_types.gen';
import type * as timeseries from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

/** A query of Prometheus' data source, which the package has no type of. */
interface Target {
  datasource: DataSourceRef;
  editorMode?: 'builder' | 'code';
  exemplar?: boolean;
  expr: string;
  format?: 'heatmap' | 'table' | 'time_series';
  hide?: boolean;
  instant?: boolean;
  interval?: string;
  legendFormat?: string;
  range?: boolean;
  refId: string;
}

interface Defaults<Custom> extends Omit<FieldConfig, 'custom' | 'links'> {
  custom?: Partial<Custom>;
  links?: DataLink[];
}

interface DataLink {
  targetBlank?: boolean;
  title: string;
  url: string;
}

/** Its properties are fields of `defaults` too, and are checked as such. */
interface Override {
  matcher: { id: 'byName' | 'byRegexp' | 'byType' | 'byFrameRefID' | 'byValue'; options?: unknown };
  properties: Array<{ id: string; value: unknown }>;
}

interface PanelOf<Type extends string, Options, Custom>
  extends Omit<GrafanaPanel, 'type' | 'options' | 'fieldConfig' | 'targets' | 'links'> {
  type: Type;
  options: Partial<Options>;
  fieldConfig: { defaults: Defaults<Custom>; overrides: Override[] };
  links?: DashboardLink[];
  targets: Target[];
}

export type GaugePanel = PanelOf<'gauge', gauge.Options, {}>;
export type HeatmapPanel = PanelOf<'heatmap', heatmap.Options, heatmap.FieldConfig>;
export type StatPanel = PanelOf<'stat', stat.Options, {}>;
export type TablePanel = PanelOf<'table', table.Options, table.FieldConfig & { width?: number }>;
export type TimeseriesPanel = PanelOf<'timeseries', timeseries.Options, timeseries.FieldConfig>;
export type TextPanel = Omit<GrafanaPanel, 'type' | 'options'> & { type: 'text'; options: Partial<text.Options> };
export type Row = Omit<RowPanel, 'panels'> & { panels: unknown[] };

/** What Grafana writes beside the fields that the package has. */
type Variable = Omit<VariableModel, 'query'> & { definition?: string; query: string | VariableQuery };

interface VariableQuery {
  qryType: number;
  query: string;
  refId: string;
}

type Annotation = Omit<AnnotationQuery, 'target'> & {
  tagKeys?: string;
  target?: { expr: string; interval?: string; refId: string };
  textFormat?: string;
  titleFormat?: string;
};

/** A dashboard; its panels are checked one by one, by their types. */
export type Dashboard = Omit<GrafanaDashboard, 'annotations' | 'panels' | 'templating'> & {
  annotations?: { list: Annotation[] };
  panels: unknown[];
  templating: { list: Variable[] };
};
